import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BrokerTls, certificateEndMs, openBrokerSocket } from '../../../agent/mqtt/broker-endpoint.ts';
import { socketError } from '../../../agent/mqtt/link-error.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';

let certificates: Certificates;
beforeAll(async () => {
  certificates = await makeCertificates();
});
afterAll(async () => await certificates[Symbol.asyncDispose]());

/** What the server saw of one handshake, or the error this side had. */
async function shake(server: TlsOptions, tls: BrokerTls, host = 'localhost') {
  const { pem } = certificates;
  const listener = createServer({ cert: pem['server.pem'], key: pem['server.key'], ...server });
  listener.on('tlsClientError', () => {});
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const seen = new Promise<TLSSocket>((resolve) => listener.once('secureConnection', resolve));
  const socket = openBrokerSocket({ protocol: 'mqtts', host, port, weight: 1, tls: { ca: pem['ca.pem'], ...tls } });
  try {
    const failed = once(socket, 'error').then(([cause]) => socketError('b', 'tls', cause).code);
    const code = await Promise.race([once(socket, 'secureConnect').then(() => undefined), failed]);
    if (code !== undefined) return { code };
    const other = await seen;
    const { servername, alpnProtocol } = other as TLSSocket & { servername: unknown };
    return { servername, alpnProtocol, version: other.getProtocol(), endMs: certificateEndMs(socket) };
  } finally {
    socket.destroy();
    listener.close();
  }
}

test('it names the host it wants (SNI), and no protocol unless told to', async () => {
  expect(await shake({}, {})).toMatchObject({ servername: 'localhost', alpnProtocol: false, version: 'TLSv1.3' });
});

test('it names another host when told to, and asks for a protocol', async () => {
  const alpn = { ALPNProtocols: ['mqtt', 'http/1.1'] };
  expect(await shake(alpn, { alpn: 'mqtt', servername: 'localhost' }, '127.0.0.1')).toMatchObject({
    servername: 'localhost',
    alpnProtocol: 'mqtt',
  });
});

test('a protocol the other side does not speak is told', async () => {
  expect(await shake({ ALPNProtocols: ['http/1.1'] }, { alpn: 'mqtt' })).toEqual({ code: 'alpn-refused' });
});

test('TLS 1.2 is spoken, and not when 1.3 is the oldest that may be', async () => {
  expect(await shake({ maxVersion: 'TLSv1.2' }, {})).toMatchObject({ version: 'TLSv1.2' });
  expect(await shake({ maxVersion: 'TLSv1.2' }, { minVersion: '1.3' })).toEqual({ code: 'tls-version' });
});

test('TLS 1.1 is not spoken', async () => {
  const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  expect(await shake(old, {})).toEqual({ code: 'tls-version' });
});

test('the environment does not turn the check of certificates off', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    expect(await shake({}, { servername: 'other.example' })).toEqual({ code: 'certificate-for-another-host' });
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
});

test('it knows when the certificate of the other side ends', async () => {
  const { endMs = 0 } = await shake({}, {});
  expect(Math.round((endMs - Date.now()) / 86_400_000)).toBe(2);
});
