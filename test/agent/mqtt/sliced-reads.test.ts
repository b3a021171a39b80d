import { connect, createServer, type Socket } from 'node:net';
import { Writable } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { promptBytesMax } from '../../../agent/express-limits.ts';
import { sliceReads } from '../../../agent/mqtt/sliced-reads.ts';
import { until } from '../../support/until.ts';

const sliceBytes = 100;

/** A socket whose other side is `peer`, and what a parser behind `pipe` gets of it. */
async function open({ takeMs = 0, isUrgent = false, heard = (_slice: Buffer) => {} } = {}) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const socket = connect(port, '127.0.0.1');
  const peer = await accepted;
  onTestFinished(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  const slices: Buffer[] = [];
  const parser = new Writable({
    write(chunk: Buffer, _encoding, done) {
      slices.push(Buffer.from(chunk));
      heard(chunk);
      if (takeMs === 0) done();
      else setTimeout(done, takeMs);
    },
  });
  const sliced = sliceReads(socket, { sliceBytes, isUrgent });
  sliced.pipe(parser);
  return { socket: sliced, peer, slices };
}

test('every byte arrives once, in order, in slices', async () => {
  const { peer, slices } = await open();
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => (index ^ (index >> 8)) & 0x3f));
  peer.write(bytes);
  await until(() => Buffer.concat(slices).byteLength === bytes.byteLength, 'all bytes');
  expect(Buffer.concat(slices).equals(bytes)).toBe(true);
  expect(Math.max(...slices.map(({ byteLength }) => byteLength))).toBe(sliceBytes);
});

test('what is left of a packet comes in one piece, and the next one in slices again', async () => {
  const { peer, slices } = await open();
  const large = Buffer.concat([Buffer.from([0x30, 0xd0, 0x86, 0x03]), Buffer.alloc(50_000)]); // 0xd0 0x86 0x03: 50 000
  peer.write(Buffer.concat([large, Buffer.alloc(1_000)]));
  await until(() => Buffer.concat(slices).byteLength === large.byteLength + 1_000, 'all bytes');
  const sizes = slices.map(({ byteLength }) => byteLength);
  expect(sizes.slice(0, 1)).toEqual([sliceBytes]);
  expect(sizes.slice(-10)).toEqual(Array.from({ length: 10 }, () => sliceBytes));
  expect(sizes.length).toBeLessThan(15);
});

test('others get a turn between two slices', async () => {
  const { peer, slices } = await open();
  let turnsCount = 0;
  let isOver = false;
  const turn = () => {
    turnsCount += 1;
    if (!isOver) setImmediate(turn);
  };
  setImmediate(turn);
  peer.write(Buffer.alloc(50_000));
  await until(() => slices.length === 500, 'all slices');
  isOver = true;
  expect(turnsCount).toBeGreaterThan(490);
});

test('what is urgent is handed on first, though it came behind much else', async () => {
  const order: string[] = [];
  const heard = (slice: Buffer) => void (slice.toString().trim() && order.push(slice.toString().trim()));
  const [rest, urgent] = [await open({ heard }), await open({ heard, isUrgent: true })];
  for (let round = 0; round < 5; round += 1) {
    rest.peer.write('rest'.padEnd(promptBytesMax + 1));
    urgent.peer.write('urgent'); // Both are in the kernel before anything is read.
    await until(() => order.length === 2 * round + 2, 'both');
  }
  expect(order).toEqual(Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'urgent' : 'rest')));
});

test('the socket is not read while slices are left', async () => {
  const { socket, peer, slices } = await open({ takeMs: 1 });
  peer.write(Buffer.alloc(64_000));
  await until(() => slices.length > 3, 'the first slices');
  expect(socket.isPaused()).toBe(true);
  await until(() => slices.length >= 640, 'all slices');
  await until(() => !socket.isPaused(), 'reading again');
});

test('nothing comes behind the end of the socket', async () => {
  const { socket, peer, slices } = await open({ takeMs: 5 });
  peer.write(Buffer.alloc(10_000));
  await until(() => slices.length > 2, 'the first slices');
  socket.destroy();
  const { length } = slices;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(slices.length).toBeLessThanOrEqual(length + 1);
});

test('nothing is read or handed on while it is held, and nothing is lost', async () => {
  const { socket, peer, slices } = await open();
  const bytes = Buffer.from(Array.from({ length: 400_000 }, (_, index) => index & 0xff));
  peer.write(bytes.subarray(0, 1_000));
  await until(() => slices.length > 0, 'the first slice');
  socket.hold();
  const { length } = slices;
  const { bytesRead } = socket;
  peer.write(bytes.subarray(1_000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(slices.length - length).toBeLessThanOrEqual(1);
  expect(socket.bytesRead - bytesRead).toBeLessThanOrEqual(65_536); // One read that was under way.
  socket.release();
  await until(() => Buffer.concat(slices).byteLength === bytes.byteLength, 'all bytes', 60_000);
  expect(Buffer.concat(slices).equals(bytes)).toBe(true);
});
