import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { reconnectDelayMsMax } from '../../agent/limits.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import { openAuthority } from '../support/authority.ts';
import { makeCertificates } from '../support/certificates.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openRig } from '../support/rig.ts';

interface BrokerRow {
  readonly state: string;
  readonly reconnects: number;
  readonly last_error?: { readonly code?: string; readonly detail: string; readonly fix?: string };
  readonly own_certificate_days?: number;
}

/** The longest wait before an attempt to connect, and the attempt. */
const waitMs = reconnectDelayMsMax + 10_000;

interface Spoiling {
  readonly what: string;
  readonly code: string;
  readonly fix: RegExp;
  spoil(): Promise<void>;
}

describeWithMosquitto('certificates that go wrong while the board runs, one after the other', () => {
  test.each(['broker', 'board'])(
    'of the %s: each is told for what it is, and mended without a restart',
    async (whose) => {
      await using stack = new AsyncDisposableStack();
      const certificates = stack.use(await makeCertificates());
      const stranger = stack.use(await makeCertificates());
      const authority = await openAuthority(certificates.folder);
      const folderOf = async (name: string) => {
        const folder = await mkdtemp(path.join(tmpdir(), `${name}-`));
        stack.defer(() => rm(folder, { recursive: true }));
        return folder;
      };
      const [board, broker] = [await folderOf('board'), await folderOf('broker')];
      /** In the place of the old ones. */
      const give = async (folder: string, { cert, key }: { cert: string; key: string }) => {
        await copyFile(cert, path.join(folder, 'own.pem'));
        await copyFile(key, path.join(folder, 'own.key'));
        await chmod(path.join(folder, 'own.key'), 0o600);
      };
      const pair = (from: string, name: string) => ({ cert: `${from}/${name}.pem`, key: `${from}/${name}.key` });
      await authority.issue('first'); // Has the serial number of the last one of `makeCertificates`.
      const good = { board: await authority.issue('board'), broker: pair(certificates.folder, 'server') };
      const stolen = await authority.issue('stolen');
      const crl = await authority.revoke(stolen);
      await give(board, good.board);
      await give(broker, good.broker);
      await copyFile(`${certificates.folder}/ca.pem`, `${board}/ca.pem`);

      const port = await freePort();
      const tls = [`cafile ${certificates.folder}/ca.pem`, `certfile ${broker}/own.pem`, `keyfile ${broker}/own.key`];
      const server = stack.use(
        await startMosquitto({
          port,
          config: () => [
            `listener ${port} 127.0.0.1`,
            ...tls,
            'require_certificate true',
            `crlfile ${crl}`,
            'tls_version tlsv1.3',
          ],
        }),
      );
      const httpPort = await freePort();
      const files = `ca: ${board}/ca.pem, cert: ${board}/own.pem, key: "file:${board}/own.key", min-version: 1.3`;
      const rig = stack.use(await openRig({ documents: [], sections: `http: { port: ${httpPort} }` }));
      const brokers = `brokers: [{ url: "mqtts://localhost:${port}", ${files} }]`;
      await writeFile(
        rig.configFile,
        `node: pi-1\nmqtt: { ${brokers} }\ngpio: { backend: simulated }\nstate-folder: ${rig.folder}/state\ndocuments: {}\nhttp: { port: ${httpPort} }\n`,
      );
      const agent = stack.use(startAgentProcess(rig.configFile));

      /** As `health` has it, once it holds. */
      async function told(what: string, holds: (row: BrokerRow) => boolean): Promise<BrokerRow> {
        let last: unknown;
        for (const untilMs = performance.now() + waitMs; performance.now() < untilMs; await delay(50)) {
          const answer = await fetch(`http://127.0.0.1:${httpPort}/debug/health`).catch(() => undefined);
          const row: BrokerRow | undefined = Object(await answer?.json()).report?.link.brokers[0];
          if (row !== undefined && holds(row)) return row;
          last = row;
        }
        throw new Error(`${what} was not told: ${JSON.stringify(last)}; ${agent.out.slice(-2_000)}`);
      }
      const isUp = ({ state }: BrokerRow) => state === 'in-use';
      let { reconnects } = await told('the first connection', isUp);

      const restart = async () => {
        await server.stop();
        await server.start();
      };
      const issue = (name: string, more: object) =>
        authority.issue(name, { subject: 'localhost', host: 'localhost', ...more });
      const ofBroker: readonly Spoiling[] = [
        {
          ...{ what: 'a certificate that has expired', code: 'certificate-expired', fix: /renew/ },
          spoil: async () => give(broker, await issue('expired', { from: '20200101', until: '20210101' })),
        },
        {
          ...{ what: 'one that is not valid yet', code: 'certificate-not-yet-valid', fix: /clock/ },
          spoil: async () => give(broker, await issue('early', { from: '20990101', until: '21000101' })),
        },
        {
          ...{
            what: 'one for another host',
            code: 'certificate-for-another-host',
            fix: /name that is in its certificate/,
          },
          spoil: async () => give(broker, await issue('other', { host: 'other.example' })),
        },
        {
          ...{ what: 'one of another authority', code: 'certificate-untrusted', fix: /`ca`/ },
          spoil: () => give(broker, pair(stranger.folder, 'server')),
        },
      ];
      const ofBoard: readonly Spoiling[] = [
        {
          ...{ what: 'a key that was revoked', code: 'certificate-revoked', fix: /new certificate/ },
          spoil: () => give(board, stolen),
        },
        {
          ...{ what: 'a key of another certificate', code: 'key-mismatch', fix: /belongs to the certificate/ },
          spoil: () => copyFile(`${stranger.folder}/client.key`, `${board}/own.key`),
        },
        {
          ...{ what: 'a certificate that has expired', code: 'certificate-expired', fix: /renew/ },
          spoil: async () => give(board, await authority.issue('over', { from: '20200101', until: '20210101' })),
        },
        {
          ...{ what: 'a key everybody may read', code: 'credentials-unreadable', fix: /chmod o=/ },
          spoil: () => chmod(`${board}/own.key`, 0o644),
        },
        {
          ...{ what: 'half a file', code: 'credentials-unreadable', fix: /put a PEM file there/ },
          spoil: () => writeFile(`${board}/own.pem`, 'half a fi'),
        },
      ];
      const rows = whose === 'broker' ? ofBroker : ofBoard;
      for (const { what, code, fix, spoil } of rows) {
        await spoil();
        await restart();
        const row = await told(what, (row) => !isUp(row) && row.last_error?.code === code);
        expect([what, row.last_error?.detail, row.last_error?.fix]).toEqual([
          what,
          expect.stringContaining(`localhost:${port}`),
          expect.stringMatching(fix),
        ]);
        await give(board, good.board);
        await give(broker, good.broker);
        await restart();
        const count = reconnects;
        ({ reconnects } = await told(`${what}, mended`, (row) => isUp(row) && row.reconnects > count));
      }
      expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null }); // The same process all the time.
      for (const { code } of rows) expect(agent.out).toContain(code);
    },
    240_000,
  );
});
