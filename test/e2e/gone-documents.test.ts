import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { openListener } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { type Rig, startRig } from '../support/rig.ts';

vi.setConfig({ testTimeout: 60_000 }); // Each begins a process or two.

const documents = ['old.name: { driver: gpio-out, line: GPIO17 }', 'lamp: { driver: gpio-out, line: GPIO22 }'];

/** Documents of which the broker retains a state. */
async function retained({ broker }: Rig): Promise<readonly string[]> {
  await using listener = await openListener(broker.port, 'qn/1/pi-1/state/#');
  await listener.say('qn/1/pi-1/state/end', '{"val":true}'); // Comes behind what is retained.
  await listener.hear({ document: 'end' });
  return listener.all.flatMap(({ document, retain }) => (retain ? [document] : [])).toSorted();
}

/** On the disk, which may be slow. */
function remembered({ folder }: Rig): Promise<string> {
  return readFile(path.join(folder, 'state', 'documents.json'), 'utf8').catch(() => '');
}

async function rename(rig: Rig): Promise<void> {
  const text = await readFile(rig.configFile, 'utf8');
  await writeFile(rig.configFile, text.replace('old.name', 'new.name'));
}

async function startAgain(rig: Rig): Promise<void> {
  await rig.start();
  await rig.hear({ document: 'new.name', verb: 'state', test: ({ retain }) => !retain });
}

const own = ['channels', 'config', 'log', 'selftest'];

describeWithMosquitto('a document that was renamed in the config file while the agent was off', () => {
  test.for(['SIGTERM', 'SIGKILL'] as const)('leaves no state at the broker that nobody has (%s)', async (signal) => {
    await using rig = await startRig({ documents, lines: ['GPIO17', 'GPIO22'] });
    await rig.hear({ document: 'config', verb: 'state' });
    expect(await retained(rig)).toEqual([...own, 'lamp', 'old.name'].toSorted());
    await expect.poll(() => remembered(rig), { timeout: 10_000 }).toContain('old.name');
    await rig.agent.end(signal);
    await rename(rig);
    await startAgain(rig);
    await expect.poll(() => retained(rig), { timeout: 10_000 }).toEqual([...own, 'lamp', 'new.name'].toSorted());
  });

  test('leaves none at a broker either that the agent comes back to later', async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17', 'GPIO22'] });
    await rig.agent.end('SIGTERM');
    await rename(rig);
    await startAgain(rig);
    await rig.agent.end('SIGKILL');
    await rig.say('state/old.name', '{"val":true}', { retain: true }); // As that one has it.
    await startAgain(rig);
    await expect.poll(() => retained(rig), { timeout: 10_000 }).not.toContain('old.name');
  });
});
