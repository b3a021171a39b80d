import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../../agent/clock.ts';
import { openBridge } from '../../firmware-bridge/link/bridge.ts';
import { mcuSources, strict, type Workshop } from '../support/c-compiler.ts';
import { type Damage, pipePort } from '../support/pipe-port.ts';
import { seededRandom } from '../support/seeded-random.ts';

const underWayMax = 48;

/** Every so many bytes one is lost, turned, doubled or made a delimiter. */
export function noise(random: () => number, everyBytes: number): Damage & { count: number } {
  let left = random() * 2 * everyBytes;
  const damage = Object.assign(
    (chunk: Uint8Array) => {
      if (left > chunk.length) {
        left -= chunk.length;
        return chunk;
      }
      const out = [...chunk];
      for (; left < out.length; left += 1 + random() * 2 * everyBytes) strike(out, Math.trunc(left));
      left -= out.length;
      return Uint8Array.from(out);
    },
    { count: 0 },
  );
  const strike = (out: number[], at: number) => {
    damage.count += 1;
    const way = Math.trunc(random() * 4);
    if (way === 0) out.splice(at, 1);
    else if (way === 1) out[at] = (out[at] ?? 0) ^ (1 << Math.trunc(random() * 8));
    else if (way === 2) out.splice(at, 0, Math.trunc(random() * 256));
    else out[at] = 0;
  };
  return damage;
}

/** A compact message: its number as id, the rest any bytes that follow from it, many of them zero. */
export function compactOf(index: number): Buffer {
  const body = Buffer.alloc(17);
  for (let at = 1; at < 17; at += 1) body[at] = (Math.imul(index + at, 0x9e3779b1) >>> 24) * ((index >> (at % 11)) & 1);
  body[0] = 0x51;
  body.writeUInt32BE(index, 5);
  return body;
}

/** Any length there is, any bytes, but for the first, which would make it a compact message. */
export function anyOf(index: number): Buffer {
  const random = seededRandom(index);
  const body = Buffer.alloc(Math.trunc(random() * 241));
  for (const at of body.keys()) body[at] = random() < 0.3 ? 0 : Math.trunc(random() * 256);
  if (body[0] === 0x51) body[0] = 0xa1;
  return body;
}

export function buildEcho(workshop: Workshop): string {
  return workshop.build('gcc', 'echo', [...strict, '-O2', ...mcuSources, 'test/firmware-bridge/mcu/host/echo.c']);
}

export interface EchoRun {
  readonly count: number;
  readonly random: () => number;
  readonly damage?: Damage;
  bodyOf(index: number): Buffer;
  /** After every so many that came back. */
  tell?(returnedCount: number): void;
}

/** Sends bodies to the C side, as many as are under way at a time, until all came back or something is wrong. */
export async function echo(program: string, { count, random, damage, bodyOf, tell }: EchoRun) {
  const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  await using port = pipePort(child, damage);
  let sentCount = 0;
  let returnedCount = 0;
  const wrong: string[] = [];
  const { promise: done, resolve: finish } = Promise.withResolvers<void>();
  const fault = (what: string) => {
    wrong.push(what);
    finish();
  };
  const fill = () => {
    while (wrong.length === 0 && sentCount < count && sentCount - returnedCount < underWayMax) {
      const index = sentCount;
      sentCount += 1;
      void bridge.send(bodyOf(index)).then((result) => {
        if (result?.ok === false) fault(`send ${index}: ${result.error.detail}`);
      });
    }
  };
  const take = (body: Uint8Array) => {
    if (!bodyOf(returnedCount).equals(body)) fault(`${returnedCount} came as ${Buffer.from(body).toString('hex')}`);
    returnedCount += 1;
    if (returnedCount % 100_000 === 0) tell?.(returnedCount);
    if (returnedCount === count) finish();
    fill();
  };
  const onDown = ({ detail }: { readonly detail: string }) => fault(`down: ${detail}`);
  const bridge = openBridge(port, systemClock, { random }, { onUp: fill, onDown, onData: take });
  const startMs = performance.now();
  await done;
  const tookMs = Math.trunc(performance.now() - startMs);
  await bridge[Symbol.asyncDispose]();
  child.stdin.end();
  return { wrong, returnedCount, tookMs, counters: bridge.counters, exit: await ended };
}
