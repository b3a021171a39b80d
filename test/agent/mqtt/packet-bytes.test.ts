import { mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { build } from 'esbuild';
import fc from 'fast-check';
import type { Packet } from 'mqtt';
import { beforeAll, expect, it } from 'vitest';
import { PacketBytes } from '../../../agent/mqtt/packet-bytes.ts';
import { trimPackages } from '../../../build/stubs.ts';

/** What is used of the package here. */
interface MqttPacket {
  parser(options: object): {
    on(event: 'packet', listener: (packet: Packet) => void): unknown;
    on(event: 'error', listener: (error: Error) => void): unknown;
    parse(chunk: Buffer): number;
  };
  generate(packet: object, options: object): Buffer;
  writeToStream(packet: object, stream: Writable): boolean;
}

const require = createRequire(import.meta.url);
/** As MQTT.js has it. */
const stock: MqttPacket = createRequire(require.resolve('mqtt'))('mqtt-packet');
/** As in the bundle. */
let ours: MqttPacket;

beforeAll(async () => {
  const stdin = { contents: `module.exports = require('mqtt-packet');`, resolveDir: '.' };
  const outfile = path.join(mkdtempSync(path.join(tmpdir(), 'qn-packet-bytes-')), 'mqtt-packet.cjs');
  await build({
    ...{ stdin, outfile, bundle: true, platform: 'node', format: 'cjs' },
    plugins: [trimPackages],
  });
  const text = readFileSync(outfile, 'utf8');
  expect(text).toContain('PacketBytes');
  expect(text).not.toContain('BufferList');
  ours = require(outfile);
});

/** Everything that it tells of these chunks, as text. */
function told({ parser: createParser }: MqttPacket, chunks: readonly Buffer[]): readonly string[] {
  const all: string[] = [];
  const parser = createParser({ protocolVersion: 5 });
  const tell = (packet: Packet) => all.push(JSON.stringify(packet));
  parser.on('packet', tell);
  parser.on('error', (error: Error) => all.push(`error ${error.message}`));
  for (const chunk of chunks) {
    try {
      all.push(`left ${parser.parse(chunk)}`);
    } catch (error) {
      all.push(`threw ${error instanceof Error ? error.name : ''}`);
      return all; // MQTT.js ends the connection.
    }
  }
  return all;
}

const id = fc.integer({ min: 1, max: 65_535 });
const text = fc.string({ maxLength: 40, unit: 'grapheme' });
const userProperties = fc.option(fc.dictionary(text, text, { maxKeys: 3 }), { nil: undefined });
const payload = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes));
const publish = fc
  .record({
    topic: text.filter((topic) => topic !== ''),
    payload,
    qos: fc.constantFrom(0, 1, 2),
    messageId: id,
    userProperties,
  })
  .map(({ userProperties: own, ...packet }) => ({
    ...{ cmd: 'publish', retain: false, dup: false, ...packet },
    properties:
      own === undefined ? {} : { userProperties: own, responseTopic: 'a/b', correlationData: Buffer.from('x') },
  }));
const answer = fc
  .record({ cmd: fc.constantFrom('puback', 'pubrec', 'pubcomp', 'suback'), messageId: id })
  .map((packet) => ({
    ...packet,
    ...(packet.cmd === 'suback' ? { granted: [1, 128] } : { reasonCode: 0 }),
  }));
const other = fc.constantFrom(
  { cmd: 'pingresp' },
  {
    cmd: 'connack',
    reasonCode: 0,
    sessionPresent: true,
    properties: { receiveMaximum: 20, maximumPacketSize: 70_000 },
  },
  { cmd: 'disconnect', reasonCode: 142 },
);
const stream = fc
  .array(fc.oneof(publish, answer, other), { minLength: 1, maxLength: 8 })
  .map((packets) => Buffer.concat(packets.map((packet) => stock.generate(packet, { protocolVersion: 5 }))))
  .filter(({ byteLength }) => byteLength > 0); // Not every text is a topic.

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let [from, turn] = [0, 0]; from < bytes.byteLength; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    chunks.push(bytes.subarray(from, from + size));
    from += size;
  }
  return chunks;
}

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 12 });

it('have mqtt-packet tell the same of every stream, however it is cut', () => {
  fc.assert(
    fc.property(stream, sizes, (bytes, lengths) => {
      const chunks = cut(bytes, lengths);
      const expected = told(stock, chunks);
      expect(told(ours, chunks)).toEqual(expected);
      expect(expected.at(-1)).toBe('left 0');
    }),
    { numRuns: 500 },
  );
});

it('also of damaged ones, and of what is no MQTT', () => {
  const damaged = fc
    .tuple(stream, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
    .map(([bytes, changes]) => {
      for (const [at, byte] of changes) bytes[at % bytes.byteLength] = byte;
      return bytes;
    });
  const noise = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(damaged, noise), sizes, (bytes, lengths) => {
      const chunks = cut(bytes, lengths);
      expect(told(ours, chunks)).toEqual(told(stock, chunks));
    }),
    { numRuns: 2_000 },
  );
});

it('keep nothing of what was consumed, also where no chunk ends with a packet', () => {
  const bytes = new PacketBytes();
  for (let count = 0; count < 10_000; count += 1) {
    bytes.append(Buffer.alloc(100));
    expect(bytes.readUInt8(0)).toBe(0);
    bytes.consume(count === 0 ? 50 : 100);
  }
  expect(bytes.length).toBe(50);
  expect(bytes.slice(0, 50).buffer.byteLength).toBeLessThan(100_000);
  bytes.consume(1_000);
  bytes.append(Buffer.of(7));
  expect([bytes.length, bytes.readUInt8(0)]).toEqual([1, 7]);
});

it('are not what mqtt-packet keeps the bytes of a length in: those have a memory of their own', async () => {
  const written: Buffer[] = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => (written.push(chunk), done()) });
  ours.writeToStream(
    { cmd: 'publish', topic: 'a', payload: Buffer.alloc(300), qos: 0, retain: false, dup: false },
    stream,
  );
  await new Promise((resolve) => stream.end(resolve));
  expect(written[1]).toEqual(Buffer.of(0xaf, 0x02));
  expect(written[1]?.buffer.byteLength).toBe(4);
});
