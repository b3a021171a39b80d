import { mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { openDoor, takeOverLines } from '../../../agent/guard/handover.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import type { sendOutputs } from '../../../drivers/gpiochip/pass.ts';
import { systemError } from '../../../drivers/system-error.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';

/** A byte stands for the lines: they cannot be had without a kernel that has some. */
const sendByte: typeof sendOutputs = (socket) => {
  try {
    writeSync(socket, '!');
    return ok();
  } catch (cause) {
    return fail(systemError(cause, { operation: 'send', resource: 'lines' }));
  }
};

async function prepare(send: typeof sendOutputs) {
  const folder = mkdtempSync(join(tmpdir(), 'door-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const door = await openDoor(folder, () => false, send);
  onTestFinished(() => door[Symbol.dispose]());
  const [name = ''] = readdirSync(folder);
  const ask = async () => {
    const socket = createConnection(join(folder, name));
    const caller = { said: '', isOver: false, leave: () => void socket.destroy() };
    socket.on('data', (chunk) => {
      caller.said += String(chunk);
    });
    socket.on('close', () => {
      caller.isOver = true;
    });
    await until(() => !socket.connecting, 'the door');
    return caller;
  };
  return { folder, door, ask };
}

test('whoever asks first and is gone gets no lines: they are for the next one', async () => {
  const { door, ask } = await prepare(sendByte);
  const first = await ask();
  first.leave();
  await until(() => first.isOver, 'the first to be gone');
  const giving = door.handOver([]);
  const second = await ask();
  await until(() => second.isOver, 'the second');
  await giving;
  expect(second.said).toBe('!');
});

test('lines that cannot be sent are kept for nobody', async () => {
  const { door, ask } = await prepare(() =>
    fail({ kind: 'io', operation: 'send', resource: 'lines', detail: 'closed' }),
  );
  const only = await ask();
  await door.handOver([]);
  await until(() => only.isOver, 'the caller');
  expect(only.said).toBe('');
});

test('an agent that starts waits for a guard that a slow board holds up', async () => {
  const { folder, door } = await prepare(sendByte);
  const clock = createFakeClock();
  const taking = takeOverLines(folder, clock).then(() => 'over');
  const isOver = () => Promise.race([taking, sleep(20).then(() => 'waiting')]);
  for (let seconds = 0; seconds < 8; seconds += 1) {
    expect(await isOver()).toBe('waiting');
    await clock.advance(1_000);
  }
  await door.handOver([]);
  while ((await isOver()) === 'waiting') await clock.advance(10);
});
