import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { serialSettings8N1 } from '../../drivers/contract/byte-port.ts';
import { openBytePort } from '../../drivers/registry.ts';
import { createSimulatedSerialPair } from '../../drivers/serial-simulated.ts';
import { bytePortSuite } from '../contract/byte-port.suite.ts';
import { until } from '../support/until.ts';
import { valueOf } from '../support/value-of.ts';

bytePortSuite('simulated pair, in memory', async () => {
  const pair = createSimulatedSerialPair({ chunkBytesMax: 100 });
  const received: Buffer[] = [];
  pair.right.onData((chunk) => received.push(Buffer.from(chunk)));
  return {
    port: pair.left,
    peer: {
      received: () => Buffer.concat(received),
      send: (bytes) => void pair.right.write(bytes, 10_000),
      stall: () => pair.stall(),
      leave: () => void pair.right[Symbol.asyncDispose](),
    },
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  };
});

bytePortSuite('simulated device, behind a socket', async () => {
  const device = await listenDevice();
  const port = valueOf(await openBytePort(`simulated:${device.path}`, serialSettings8N1));
  const socket = await device.connection;
  const received: Buffer[] = [];
  socket.on('data', (chunk) => received.push(chunk));
  return {
    port,
    peer: {
      received: () => Buffer.concat(received),
      send: (bytes) => void socket.write(bytes),
      stall: () => socket.pause(),
      leave: () => void socket.destroy(),
    },
    async [Symbol.asyncDispose]() {
      await port[Symbol.asyncDispose]();
      await device[Symbol.asyncDispose]();
    },
  };
});

describe('a simulated serial pair', () => {
  test('noise is put on what arrives', async () => {
    const noise = (chunk: Uint8Array) => chunk.map((byte) => byte ^ 0x01);
    await using pair = createSimulatedSerialPair({ noise });
    const received: number[] = [];
    pair.right.onData((chunk) => received.push(...chunk));
    await pair.left.write(Uint8Array.of(0x00, 0xff), 1_000);
    await until(() => received.length === 2, 'two bytes');
    expect(received).toEqual([0x01, 0xfe]);
  });

  test('chunks are cut as told', async () => {
    await using pair = createSimulatedSerialPair({ chunkBytesMax: 3 });
    const sizes: number[] = [];
    pair.right.onData((chunk) => sizes.push(chunk.byteLength));
    await pair.left.write(Buffer.from('12345678'), 1_000);
    await until(() => sizes.length === 3, 'three chunks');
    expect(sizes).toEqual([3, 3, 2]);
  });

  test('unplugging is told to both sides', async () => {
    await using pair = createSimulatedSerialPair();
    const details: string[] = [];
    pair.left.onClosed((error) => details.push(error.detail));
    pair.right.onClosed((error) => details.push(error.detail));
    pair.unplug();
    expect(details).toEqual(['unplugged', 'unplugged']);
  });

  test('a stalled line takes 4 096 bytes and goes on when it is resumed', async () => {
    await using pair = createSimulatedSerialPair();
    let receivedBytes = 0;
    pair.right.onData((chunk) => {
      receivedBytes += chunk.byteLength;
    });
    pair.stall();
    expect(await pair.left.write(new Uint8Array(4_096), 1_000)).toEqual({ ok: true });
    const late = await pair.left.write(new Uint8Array(1), 20);
    expect(late).toMatchObject({
      ok: false,
      error: { kind: 'timeout', detail: expect.stringMatching(/^0 of 1 bytes/) },
    });
    pair.resume();
    await until(() => receivedBytes === 4_096, 'what was taken');
    expect(await pair.left.write(new Uint8Array(1), 1_000)).toEqual({ ok: true });
  });

  test('what was handed over before disposal still arrives, then the other side is told', async () => {
    await using pair = createSimulatedSerialPair({ chunkBytesMax: 1 });
    const events: string[] = [];
    pair.right.onData((chunk) => events.push(Buffer.from(chunk).toString()));
    pair.right.onClosed((error) => events.push(error.kind));
    await pair.left.write(Buffer.from('bye'), 1_000);
    await pair.left[Symbol.asyncDispose]();
    await until(() => events.includes('closed'), 'onClosed');
    expect(events).toEqual(['b', 'y', 'e', 'closed']);
  });
});

test('a simulated device that does not run is absent, and the fix names its socket', async () => {
  const opened = await openBytePort('simulated:/nowhere/scale.sock', serialSettings8N1);
  expect(opened).toMatchObject({
    ok: false,
    error: {
      kind: 'absent',
      resource: 'simulated:/nowhere/scale.sock',
      fix: expect.stringContaining('/nowhere/scale.sock'),
    },
  });
});

async function listenDevice() {
  const folder = mkdtempSync(join(tmpdir(), 'device-'));
  const path = join(folder, 'device.sock');
  const server = createServer();
  const connection = once(server, 'connection').then(([socket]: Socket[]) => socket as Socket);
  server.listen(path);
  await once(server, 'listening');
  return {
    path,
    connection,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      (await connection).destroy();
      server.close();
      await once(server, 'close');
      rmSync(folder, { recursive: true });
    },
  };
}
