import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BrokerTls } from '../../../agent/mqtt/broker-endpoint.ts';
import type { Link } from '../../../agent/mqtt/link.ts';
import { openMqttLink } from '../../../agent/mqtt/mqtt-link.ts';
import { signForDays } from '../../support/authority.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { type LinkRecorder, recordLink } from '../../support/link-recorder.ts';
import { linkDependencies } from '../../support/link-rigs.ts';
import { describeWithMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { startOddBroker } from '../../support/odd-broker.ts';
import { freePort } from '../../support/ports.ts';

describeWithMosquitto('the link over TLS', () => {
  let certificates: Certificates;
  let broker: Mosquitto;
  let plainPort: number;

  beforeAll(async () => {
    certificates = await makeCertificates();
    const { folder } = certificates;
    const port = await freePort();
    plainPort = await freePort();
    const tls = [`cafile ${folder}/ca.pem`, `certfile ${folder}/server.pem`, `keyfile ${folder}/server.key`];
    const listeners = [`listener ${plainPort} 127.0.0.1`, `listener ${port} 127.0.0.1`, ...tls];
    broker = await startMosquitto({ port, config: () => [...listeners, 'require_certificate true'] });
  });

  afterAll(async () => {
    await broker?.[Symbol.asyncDispose]();
    await certificates?.[Symbol.asyncDispose]();
  });

  function open(tls: BrokerTls, port = broker.port, host = 'localhost'): Link & { readonly told: LinkRecorder } {
    const told = recordLink();
    const will = { topic: 'status', payload: Buffer.from('gone'), qos: 1, retain: false } as const;
    const brokers = [{ protocol: 'mqtts', host, port, weight: 1, tls }] as const;
    const options = {
      brokers,
      clientId: 'board',
      will,
      subscriptions: [{ filter: 'in/#', qos: 1 }],
      keepaliveSeconds: 30,
    } as const;
    return Object.assign(openMqttLink(linkDependencies, options, told.handlers), { told });
  }

  const good = () => {
    const { pem } = certificates;
    return { ca: pem['ca.pem'], cert: pem['client.pem'], key: pem['client.key'] };
  };

  it('comes up with the right authority and certificate, and carries large messages of any QoS', async () => {
    await using link = open(good());
    const up = await link.told.ups.next();
    expect(up.broker).toBe(`mqtts://localhost:${broker.port}`);
    for (const qos of [0, 1, 2] as const) {
      const payload = Buffer.alloc(65_536, qos + 1);
      const result = await new Promise((resolve) =>
        link.publish({ topic: 'in/x', payload, qos, retain: false }, resolve),
      );
      expect(result).toMatchObject({ ok: true });
      expect(Buffer.compare((await link.told.messages.next()).payload, payload)).toBe(0);
    }
  });

  it('does not trust an authority it was not given', async () => {
    const { ca: _, ...own } = good();
    await using link = open(own);
    expect(await link.told.troubles.next()).toMatchObject({
      kind: 'tls',
      code: 'certificate-untrusted',
      detail: expect.stringContaining('localhost'),
    });
    expect(link.told.ups.all).toEqual([]);
  });

  it('does not trust a certificate for another name', async () => {
    await using link = open({ ...good(), servername: 'other.example' });
    expect(await link.told.troubles.next()).toMatchObject({
      kind: 'tls',
      code: 'certificate-for-another-host',
      detail: expect.stringContaining('other.example'),
    });
  });

  it('takes the name to check from servername, so that an address can be dialled', async () => {
    await using link = open({ ...good(), servername: 'localhost' }, broker.port, '127.0.0.1');
    await link.told.ups.next();
  });

  it('connects to anybody only when it is told not to verify', async () => {
    const { ca: _, ...own } = good();
    await using link = open({ ...own, verify: false });
    await link.told.ups.next();
  });

  it('without the certificate the broker demands is a trouble of kind tls', async () => {
    await using link = open({ ca: certificates.pem['ca.pem'] });
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code: 'certificate-demanded' });
  });

  it.each([
    ['not yet valid, and names the clock', '20990101', '21000101', 'certificate-not-yet-valid', 'clock'],
    ['expired', '20200101', '20210101', 'certificate-expired', 'renew'],
  ])('tells a certificate that is %s', async (_, from, until, code, hint) => {
    const { folder } = certificates;
    const certificate = await signForDays(folder, from, until);
    const port = await freePort();
    const lines = [`listener ${port} 127.0.0.1`, `certfile ${certificate}`, `keyfile ${folder}/server.key`];
    await using other = await startMosquitto({ port, config: () => lines });
    await using link = open({ ca: certificates.pem['ca.pem'] }, other.port);
    const fix = expect.stringContaining(hint);
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code, fix });
    expect(await link.told.troubles.next()).toMatchObject({ code }); // it goes on trying
  });

  it('with a key that is not PEM is a trouble of kind tls, and it goes on trying', async () => {
    await using link = open({ ...good(), key: 'not a key' });
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls' });
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls' });
  });

  it('to a port that speaks plain MQTT is a trouble of kind tls', async () => {
    await using link = open(good(), plainPort);
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls' }); // mosquitto hangs up without a word
  });

  it('to a port that answers something else is told so', async () => {
    await using odd = await startOddBroker((socket) => socket.write('220 mail.example ESMTP\r\n'));
    await using link = open(good(), odd.port);
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code: 'tls-to-a-plain-port' });
  });
});
