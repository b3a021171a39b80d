import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type ControlDependencies, openControl } from '../../../../agent/config/control/control-server.ts';
import { controlStopMsMax } from '../../../../agent/config/limits.ts';
import { silentLog } from '../../../../agent/log.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

async function openRig(change: ControlDependencies['change']) {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-control-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const clock = createFakeClock();
  const file = path.join(folder, 'control.sock');
  const control = await openControl({ clock, log: silentLog, change }, file);
  return { clock, control, file };
}

/** A client that never hangs up by itself. */
async function open(file: string): Promise<Socket> {
  const socket = connect({ path: file, allowHalfOpen: true });
  stack.defer(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

const reload = '{"do":"reload","isDryRun":true}\n';

test('whoever was answered and does not hang up is not waited for', async () => {
  const { control, file } = await openRig(async () => ({ status: 'planned', version: 1 }));
  const socket = await open(file);
  socket.write(reload);
  const [answer] = await once(socket, 'data');
  expect(JSON.parse(String(answer))).toEqual({ status: 'planned', version: 1 });
  await control[Symbol.asyncDispose]();
});

test('a second agent with the same state folder does not take the socket away', async () => {
  const { clock, file } = await openRig(async () => ({ status: 'planned', version: 1 }));
  const change = () => Promise.reject(new Error('asked the second'));
  await (await openControl({ clock, log: silentLog, change }, file))[Symbol.asyncDispose]();
  const socket = await open(file);
  socket.write(reload);
  const [answer] = await once(socket, 'data');
  expect(JSON.parse(String(answer))).toEqual({ status: 'planned', version: 1 });
});

test('whoever has asked nothing yet may not any more', async () => {
  const { control, file } = await openRig(() => Promise.reject(new Error('asked')));
  const socket = await open(file);
  socket.resume();
  await Promise.all([once(socket, 'end'), control[Symbol.asyncDispose]()]);
});

test('a change that ends while the agent stops is answered', async () => {
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<ControlDependencies['change']>>>();
  const begun = Promise.withResolvers<void>();
  const { control, file } = await openRig(() => {
    begun.resolve();
    return promise;
  });
  const socket = await open(file);
  socket.write(reload);
  await begun.promise;
  const disposed = control[Symbol.asyncDispose]();
  resolve({ status: 'aborted', version: 1 });
  const [answer] = await once(socket, 'data');
  expect(JSON.parse(String(answer))).toEqual({ status: 'aborted', version: 1 });
  await disposed;
});

test('a change that does not end is not waited for', async () => {
  const begun = Promise.withResolvers<void>();
  const { clock, control, file } = await openRig(() => {
    begun.resolve();
    return new Promise(() => {});
  });
  const socket = await open(file);
  socket.resume().write(reload);
  await begun.promise;
  let isDisposed = false;
  const disposed = control[Symbol.asyncDispose]().then(() => {
    isDisposed = true;
  });
  await clock.advance(controlStopMsMax - 1);
  expect(isDisposed).toBe(false);
  await clock.advance(1);
  await disposed;
});
