import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { brokerAccess } from '../../../agent/cli/broker-access.ts';
import type { BrokerConfig, MqttConfig, Secret } from '../../../agent/config/config.ts';
import type { Link } from '../../../agent/mqtt/link.ts';
import { openMqttLink } from '../../../agent/mqtt/mqtt-link.ts';
import { type Authority, openAuthority } from '../../support/authority.ts';
import { type Certificates, makeCertificates } from '../../support/certificates.ts';
import { type LinkRecorder, recordLink } from '../../support/link-recorder.ts';
import { linkDependencies } from '../../support/link-rigs.ts';
import { describeWithMosquitto, type Mosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { freePort } from '../../support/ports.ts';

describeWithMosquitto('a link whose files are replaced while it runs', () => {
  let certificates: Certificates;
  let authority: Authority;
  let stranger: Certificates;
  /** Of the board, and of the broker: each test begins with good ones. */
  let board: string;
  let broker: string;

  beforeAll(async () => {
    [certificates, stranger] = await Promise.all([makeCertificates(), makeCertificates()]);
    authority = await openAuthority(certificates.folder);
  });
  afterAll(async () => {
    await certificates?.[Symbol.asyncDispose]();
    await stranger?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    board = await mkdtemp(path.join(tmpdir(), 'board-'));
    broker = await mkdtemp(path.join(tmpdir(), 'broker-'));
    await give(board, 'ca.pem', certificates.pem['ca.pem']);
    await give(board, 'node.pem', certificates.pem['client.pem']);
    await give(board, 'node.key', certificates.pem['client.key']);
    await give(broker, 'server.pem', certificates.pem['server.pem']);
    await give(broker, 'server.key', certificates.pem['server.key']);
    return async () => {
      await rm(board, { recursive: true });
      await rm(broker, { recursive: true });
    };
  });

  async function give(folder: string, name: string, text: string): Promise<void> {
    await writeFile(path.join(folder, name), text, { mode: 0o600 });
  }

  async function start(more: readonly string[] = [], port?: number): Promise<Mosquitto> {
    const free = port ?? (await freePort());
    const files = [
      `cafile ${certificates.folder}/ca.pem`,
      `certfile ${broker}/server.pem`,
      `keyfile ${broker}/server.key`,
    ];
    const lines = [`listener ${free} 127.0.0.1`, ...files, 'require_certificate true', 'use_identity_as_username true'];
    return await startMosquitto({ port: free, config: () => [...lines, 'tls_version tlsv1.3', ...more] });
  }

  function open(port: number, more: Partial<BrokerConfig> = {}): Link & { readonly told: LinkRecorder } {
    const told = recordLink();
    const key: Secret = { from: 'file', path: `${board}/node.key` };
    const files = { ca: `${board}/ca.pem`, cert: `${board}/node.pem`, key };
    const mqtt = { brokers: [{ url: `mqtts://localhost:${port}`, weight: 1, ...files, ...more }] };
    const access = brokerAccess(mqtt as unknown as MqttConfig, { CREDENTIALS_DIRECTORY: board });
    const options = { ...access, clientId: 'board', subscriptions: [], keepaliveSeconds: 30 };
    return Object.assign(openMqttLink(linkDependencies, options, told.handlers), { told });
  }

  it('comes up over TLS 1.3 with certificates on both sides, and says how long they last', async () => {
    await using server = await start();
    await using link = open(server.port, { minVersion: '1.3' });
    await link.told.ups.next();
    expect(link.brokers()).toMatchObject([{ state: 'in-use', certificateDays: 1, ownCertificateDays: 1 }]);
  });

  it.each([
    ['expired', { from: '20200101', until: '20210101', host: 'localhost' }, 'certificate-expired', /renew/],
    ['not valid yet', { from: '20990101', until: '21000101', host: 'localhost' }, 'certificate-not-yet-valid', /clock/],
    ['for another host', { host: 'other.example' }, 'certificate-for-another-host', /name that is in its certificate/],
  ])('tells a broker certificate that is %s, and comes up when it is renewed', async (name, options, code, fix) => {
    const bad = await authority.issue(`bad-${name.replaceAll(' ', '-')}`, { ...options, subject: 'localhost' });
    await copyFile(bad.cert, `${broker}/server.pem`);
    await copyFile(bad.key, `${broker}/server.key`);
    await using server = await start();
    await using link = open(server.port);
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code, fix: expect.stringMatching(fix) });
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code });
    await server.stop();
    await give(broker, 'server.pem', certificates.pem['server.pem']);
    await give(broker, 'server.key', certificates.pem['server.key']);
    await server.start();
    await link.told.ups.next();
  });

  it('tells an authority that is not the one of the broker, and comes up when its file is replaced', async () => {
    await using server = await start();
    await give(board, 'ca.pem', stranger.pem['ca.pem']);
    await using link = open(server.port);
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code: 'certificate-untrusted' });
    await give(board, 'ca.pem', certificates.pem['ca.pem']);
    await link.told.ups.next();
  });

  it('tells that its own certificate was revoked, and comes up with the one that takes its place', async () => {
    const old = await authority.issue('old');
    await copyFile(old.cert, `${board}/node.pem`);
    await copyFile(old.key, `${board}/node.key`);
    const port = await freePort();
    await using before = await start([], port);
    await using link = open(port);
    await link.told.ups.next();
    const crl = await authority.revoke(old);
    await before.stop();
    await using _after = await start([`crlfile ${crl}`], port);
    await link.told.downs.next();
    const revoked = { kind: 'tls', code: 'certificate-revoked', fix: expect.stringContaining('new certificate') };
    expect(await troubleWith(link.told, 'certificate-revoked')).toMatchObject(revoked);
    const fresh = await authority.issue('fresh');
    await copyFile(fresh.cert, `${board}/node.pem`);
    await copyFile(fresh.key, `${board}/node.key`);
    await link.told.ups.next();
  });

  it('does not trust a broker whose certificate is on the list of revoked ones', async () => {
    const bad = await authority.issue('stolen', { subject: 'localhost', host: 'localhost' });
    const crl = await authority.revoke(bad);
    await copyFile(bad.cert, `${broker}/server.pem`);
    await copyFile(bad.key, `${broker}/server.key`);
    await using server = await start();
    await using link = open(server.port, { crl });
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code: 'certificate-revoked' });
    expect(link.told.ups.all).toEqual([]);
  });

  it('tells a key that does not belong to the certificate, and one that has expired', async () => {
    await using server = await start();
    await give(board, 'node.key', stranger.pem['client.key']);
    await using link = open(server.port);
    expect(await link.told.troubles.next()).toMatchObject({ kind: 'tls', code: 'key-mismatch' });
    const over = await authority.issue('over', { from: '20200101', until: '20210101' });
    await copyFile(over.cert, `${board}/node.pem`);
    await copyFile(over.key, `${board}/node.key`);
    expect(await troubleWith(link.told, 'certificate-expired')).toMatchObject({ kind: 'tls' });
    expect(link.brokers()[0]?.ownCertificateDays).toBeLessThan(0);
    await give(board, 'node.key', certificates.pem['client.key']);
    await give(board, 'node.pem', certificates.pem['client.pem']);
    await link.told.ups.next();
  });

  it('refuses a key that everybody may read, with what to type, and takes it when that is done', async () => {
    await using server = await start();
    await chmod(`${board}/node.key`, 0o644);
    await using link = open(server.port);
    expect(await link.told.troubles.next()).toMatchObject({
      kind: 'tls',
      code: 'credentials-unreadable',
      detail: expect.stringContaining(`${board}/node.key`),
      fix: `run: chmod o= ${board}/node.key`,
    });
    await chmod(`${board}/node.key`, 0o640);
    await link.told.ups.next();
  });

  it.each(['ca.pem', 'node.pem', 'node.key'])(
    'tells that %s is missing or damaged, and goes on when it is there',
    async (name) => {
      await using server = await start();
      await rm(`${board}/${name}`);
      await using link = open(server.port);
      const missing = {
        kind: 'tls',
        code: 'credentials-unreadable',
        detail: expect.stringContaining(`${name}: no such file`),
      };
      expect(await link.told.troubles.next()).toMatchObject(missing);
      await give(board, name, 'half a fi');
      expect(await troubleWith(link.told, 'credentials-unreadable', missing.detail)).toMatchObject({ kind: 'tls' });
      const from = name.startsWith('node') ? name.replace('node', 'client') : name;
      await copyFile(path.join(certificates.folder, from), `${board}/${name}`);
      await chmod(`${board}/${name}`, 0o600);
      await link.told.ups.next();
    },
  );

  it('takes the key from a credential of systemd', async () => {
    await using server = await start();
    await using link = open(server.port, { key: { from: 'credential', name: 'node.key' } });
    await link.told.ups.next();
  });
});

/** Some attempts may still see the state before. */
async function troubleWith(told: LinkRecorder, code: string, not?: { asymmetricMatch(other: unknown): boolean }) {
  for (let count = 0; count < 20; count += 1) {
    const trouble = await told.troubles.next();
    if (trouble.code === code && not?.asymmetricMatch(trouble.detail) !== true) return trouble;
  }
  throw new Error(`no trouble with ${code}: ${JSON.stringify(told.troubles.all.at(-1))}`);
}
