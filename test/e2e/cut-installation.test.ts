import { appendFileSync, cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { distFolder, startScript } from '../support/agent-process.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';

/* dpkg renames one file after the other: power that fails meanwhile leaves files of two versions beside each other. */

const relay = { documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'], lines: ['GPIO17'] } as const;

/** The files of the agent, as they are installed. */
function install(rig: Rig): string {
  const folder = path.join(rig.folder, 'installed');
  for (const name of ['qn-agent.cjs', 'parts', 'native', 'manifest.json'])
    cpSync(path.join(distFolder, name), path.join(folder, name), { recursive: true });
  return folder;
}

function rowOf({ message }: Heard): { readonly [key: string]: unknown } | undefined {
  const { val }: { readonly val?: unknown } = Object(message);
  const tests: unknown = Object(val).tests;
  return Array.isArray(tests) ? tests.find((row: unknown) => Object(row).id === 'code.files') : undefined;
}

const isTold = (heard: Heard) => rowOf(heard) !== undefined;

test.each([
  ['a part', (folder: string) => appendFileSync(path.join(folder, 'parts', 'store-thread.cjs'), '\n')],
  ['the program', (folder: string) => appendFileSync(path.join(folder, 'qn-agent.cjs'), '\n')],
  ['a native file', (folder: string) => appendFileSync(path.join(folder, native), '\n')],
  ['the part that looks', (folder: string) => rmSync(path.join(folder, 'parts', 'code.cjs'))],
])(
  '%s of another version is told soon after the start, and the board works on',
  { timeout: 60_000 },
  async (_, cut) => {
    await using rig = await openRig(relay);
    const folder = install(rig);
    cut(folder);
    await using agent = startScript(path.join(folder, 'qn-agent.cjs'), ['run', '--config', rig.configFile]);
    const told = await rig.hear({ verb: 'state', document: 'selftest', test: isTold }, 30_000);
    expect(rowOf(told)).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('sudo dpkg --configure -a; sudo apt-get install --reinstall qn-agent'),
    });
    const ill = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'degraded' });
    expect(ill.message).toMatchObject({
      val: {
        selftest: { health_status: 'FAIL', failed: ['code.files'] },
        why: [expect.stringMatching(/^code.files: /)],
      },
    });
    expect(agent.out + agent.err).toContain('self-test failed');
    await rig.say('notify/gpio.relay1', 'ON');
    await rig.hear({ verb: 'state', document: 'gpio.relay1', value: true });
    expect(rig.wire('GPIO17')).toBe('1');
  },
);

const native = path.join('native', `linux-${process.arch}`, 'serialport.node');

test('files of one version pass', { timeout: 60_000 }, async () => {
  await using rig = await openRig(relay);
  const folder = install(rig);
  await using _agent = startScript(path.join(folder, 'qn-agent.cjs'), ['run', '--config', rig.configFile]);
  const told = await rig.hear({ verb: 'state', document: 'selftest', test: isTold }, 30_000);
  expect(rowOf(told)).toMatchObject({ status: 'pass' });
  expect(told.message).toMatchObject({ val: { health_status: 'PASS' } });
});
