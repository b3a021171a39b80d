import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { openBridge } from '../../../firmware-bridge/link/bridge.ts';
import { gccMissing, mcuSources, openWorkshop, strict } from '../../support/c-compiler.ts';
import { type Damage, pipePort } from '../../support/pipe-port.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** The full count of the proof is a million; it takes minutes. */
const framesCount = Number(process.env['TEST_ECHO_FRAMES'] ?? 50_000);
const underWayMax = 48;
const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());

/** Every so many bytes one is lost, turned, doubled or made a delimiter. */
function noise(random: () => number, everyBytes: number): Damage & { count: number } {
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
function compactOf(index: number): Buffer {
  const body = Buffer.alloc(17);
  for (let at = 1; at < 17; at += 1) body[at] = (Math.imul(index + at, 0x9e3779b1) >>> 24) * ((index >> (at % 11)) & 1);
  body[0] = 0x51;
  body.writeUInt32BE(index, 5);
  return body;
}

/** Any length there is, any bytes, but for the first, which would make it a compact message. */
function anyOf(index: number): Buffer {
  const random = seededRandom(index);
  const body = Buffer.alloc(Math.trunc(random() * 241));
  for (const at of body.keys()) body[at] = random() < 0.3 ? 0 : Math.trunc(random() * 256);
  if (body[0] === 0x51) body[0] = 0xa1;
  return body;
}

/** Sends bodies to the C side, as many as are under way at a time, until all came back or something is wrong. */
async function echo(count: number, bodyOf: (index: number) => Buffer, random: () => number, damage?: Damage) {
  const operands = [...strict, '-O2', ...mcuSources, 'test/firmware-bridge/mcu/host/echo.c'];
  const child = spawn(workshop.build('gcc', 'echo', operands), { stdio: ['pipe', 'pipe', 'pipe'] });
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
        if (!result.ok) fault(`send ${index}: ${result.error.detail}`);
      });
    }
  };
  const take = (body: Uint8Array) => {
    if (!bodyOf(returnedCount).equals(body)) fault(`${returnedCount} came as ${Buffer.from(body).toString('hex')}`);
    returnedCount += 1;
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

describe.skipIf(gccMissing !== undefined)(`the bridge and the C side${gccMissing ? ` (${gccMissing})` : ''}`, () => {
  it(`${framesCount} compact messages there and back through noise, each once and in order`, async () => {
    const random = seededRandom(Number(process.env['TEST_ECHO_SEED'] ?? 1));
    const damage = noise(random, Number(process.env['TEST_ECHO_NOISE_BYTES'] ?? 20_000));
    const { wrong, returnedCount, tookMs, counters, exit } = await echo(framesCount, compactOf, random, damage);
    console.log(`${framesCount} in ${tookMs} ms, ${damage.count} strikes, ${counters.session.resent} resent`);
    expect(wrong).toEqual([]);
    expect([returnedCount, counters.session.delivered, counters.session.sessions]).toEqual([
      framesCount,
      framesCount,
      1,
    ]);
    expect(counters.received.discardedBytes).toBeGreaterThan(0);
    expect(exit).toEqual([0, null]);
  }, 1_800_000);

  it('20 000 bodies of any bytes and any length there and back on a clean line, each once and in order', async () => {
    const { wrong, returnedCount, counters, exit } = await echo(20_000, anyOf, seededRandom(1));
    expect(wrong).toEqual([]);
    expect([returnedCount, counters.received.discardedBytes]).toEqual([20_000, 0]);
    expect(exit).toEqual([0, null]);
  }, 60_000);
});
