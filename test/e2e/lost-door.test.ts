import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false; // It is gone.
  }
}

test('a guard whose door was removed with the state folder makes room for the next agent all the same', {
  timeout: 60_000,
}, async () => {
  const documents = ['gpio.a: { driver: gpio-out, line: GPIO17, max-on: 1h, safe: { boot: hold, crash: hold } }'];
  await using rig = await openRig({ documents, lines: ['GPIO17'] });
  const state = path.join(rig.folder, 'state');
  const guards = () => readdirSync(state).flatMap((name) => /^guard-(\d+)\.sock$/.exec(name)?.[1] ?? []);
  await rig.start();
  await rig.say('notify/gpio.a', 'ON');
  await rig.hear({ verb: 'state', document: 'gpio.a', value: true });
  await until(() => guards().length > 0, 'the door of the guard');
  const guard = Number(guards()[0]);
  onTestFinished(() => void signal(guard, 'SIGTERM'));
  for (const name of readdirSync(state)) rmSync(path.join(state, name), { recursive: true });
  await rig.agent.end('SIGKILL');
  await until(() => rig.agent.out.includes('qn-guard'), 'the guard to tell that the agent is gone');
  expect(signal(guard, 0)).toBe(true);
  await rig.start();
  await rig.say('notify/gpio.a', 'OFF');
  await until(() => !signal(guard, 0), 'the guard to end');
});
