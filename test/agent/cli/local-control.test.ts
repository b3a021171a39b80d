import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openLocalControl } from '../../../agent/cli/local-control.ts';
import { systemClock } from '../../../agent/clock.ts';
import { silentLog } from '../../../agent/log.ts';

test('a bug while SIGHUP is obeyed is logged, and does not end the agent', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-control-'));
  const logged: string[] = [];
  const log = { ...silentLog, error: (_fields: object, message: string) => void logged.push(message) };
  const office = Promise.reject(new Error('a bug'));
  office.catch(() => {}); // Nobody waits for it yet.
  let hangUp = () => {};
  const onHangup = (action: () => void) => {
    hangUp = action;
    return { [Symbol.dispose]() {} };
  };
  await using _control = await openLocalControl({ clock: systemClock, onHangup }, log, { office }, folder);
  hangUp();
  await expect.poll(() => logged).toEqual(['config file read again, and not taken']);
  await rm(folder, { recursive: true });
});
