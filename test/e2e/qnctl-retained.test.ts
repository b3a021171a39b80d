import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { formatKey } from '../../agent/trust/key-file.ts';
import { runProgram } from '../support/agent-process.ts';
import { startRig } from '../support/rig.ts';
import { makeSigner } from '../support/signing.ts';

/** Of the Debian package faketime; undefined where it is not installed. */
const library = readdirSync('/usr/lib')
  .map((folder) => `/usr/lib/${folder}/faketime/libfaketime.so.1`)
  .find((file) => existsSync(file));

test.skipIf(library === undefined)(
  'a signed config waits at the broker for a board that is away for weeks',
  {
    timeout: 60_000,
  },
  async () => {
    const { key, yaml } = makeSigner('alice', ['config', 'trust']);
    const documents = ['gpio.a: { driver: gpio-out, line: GPIO17 }'];
    await using rig = await startRig({
      documents,
      lines: ['GPIO17', 'GPIO18'],
      sections: `trust: { keys: [${yaml}] }`,
    });
    await rig.hear({ verb: 'state', document: 'config' });
    await rig.agent.end('SIGTERM');
    const [patch, keyFile] = ['patch.yaml', 'alice.key'].map((name) => path.join(rig.folder, name)) as [string, string];
    await writeFile(patch, 'documents: { gpio.b: { driver: gpio-out, line: GPIO18 } }\n');
    await writeFile(keyFile, formatKey(key), { mode: 0o600 });
    const args = ['push', 'pi-1', patch, '--patch', '--retain', '--key', keyFile, '--url', rig.broker.url];
    const pushed = await runProgram('qnctl', ['config', ...args], { env: { LD_PRELOAD: library, FAKETIME: '-30d' } });
    expect([pushed.code, pushed.out]).toEqual([0, expect.stringContaining('takes it when it is back')]);
    await rig.start();
    const isEnd = ['successful', 'failed', 'rejected'];
    const { message } = await rig.hear({
      ...{ verb: 'ack', document: 'config' },
      test: ({ message: ack }) => ack.t === 'ack' && isEnd.includes(ack.st),
    });
    expect(message).toMatchObject({ st: 'successful', val: { version: 1 } });
  },
);
