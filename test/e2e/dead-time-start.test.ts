import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { needBundle } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { changesIn } from '../support/relay-rig.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const deadTimeMs = 2_000; // A start takes less, so that an agent that kept none would show.
const lines = ['GPIO23', 'GPIO24'];
const member = (name: string, line: string, rest: string) =>
  `${name}: { driver: gpio-out, line: ${line}, interlock: hoist, dead-time: ${deadTimeMs}ms, ${rest} }`;
const up = member('up', 'GPIO23', 'interlock-policy: switch');

beforeAll(needBundle);

/** The agent is there, and up is on. */
async function startUpOn(documents: readonly string[]): Promise<Rig> {
  const rig = await startRig({ documents, lines });
  await rig.say('notify/up', 'ON');
  await rig.hear({ verb: 'ack', document: 'up', status: 'successful' });
  expect(rig.wire('GPIO23')).toBe('1');
  return rig;
}

/** The agent ends in this way, whoever is left switches up off, and the next agent starts at once. */
async function restart(rig: Rig, signal: NodeJS.Signals): Promise<void> {
  await rig.agent.end(signal);
  await until(() => rig.wire('GPIO23') === '0', 'up off');
  await rig.start();
}

/** From up off to down on. */
async function betweenMs(rig: Rig): Promise<number> {
  const last = (line: string) => changesIn(path.join(rig.board, line, 'log')).at(-1);
  await until(() => last('GPIO24')?.level === 1, 'down on', 15_000);
  const [off, on] = [last('GPIO23'), last('GPIO24')];
  expect([off?.level, on?.level]).toEqual([0, 1]);
  return Number((on?.atNs ?? 0n) - (off?.atNs ?? 0n)) / 1e6;
}

describeWithMosquitto('an agent that starts just after an output of an interlock group went off', () => {
  test.for([
    ['at the good end of the agent before', 'SIGTERM'],
    ['at its crash', 'SIGKILL'],
  ] as const)('%s: a command for another one that waits at the broker waits for the dead time', async ([, signal]) => {
    await using rig = await startUpOn([up, member('down', 'GPIO24', 'retained: accept')]);
    await rig.agent.end(signal);
    await until(() => rig.wire('GPIO23') === '0', 'up off');
    await rig.say('notify/down', 'ON', { retain: true }); // Of the session nothing waits: it is a clean one.
    await rig.start();
    expect(await betweenMs(rig)).toBeGreaterThanOrEqual(deadTimeMs);
  });

  test('boot: on of another one comes after the dead time', async () => {
    await using rig = await startUpOn([up, member('down', 'GPIO24', 'safe: { boot: on, exit: off }')]);
    await restart(rig, 'SIGTERM');
    expect(await betweenMs(rig)).toBeGreaterThanOrEqual(deadTimeMs);
  });

  test('and is killed in the dead time: crash: on of another one still comes after it', async () => {
    await using rig = await startUpOn([up, member('down', 'GPIO24', 'safe: { crash: on }')]);
    await restart(rig, 'SIGTERM');
    await rig.agent.end('SIGKILL');
    expect(await betweenMs(rig)).toBeGreaterThanOrEqual(deadTimeMs);
  });
});
