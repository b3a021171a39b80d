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
function bodyOf(index: number): Buffer {
  const body = Buffer.alloc(17);
  for (let at = 1; at < 17; at += 1) body[at] = (Math.imul(index + at, 0x9e3779b1) >>> 24) * ((index >> (at % 11)) & 1);
  body[0] = 0x51;
  body.writeUInt32BE(index, 5);
  return body;
}

describe.skipIf(gccMissing !== undefined)(`the bridge and the C side${gccMissing ? ` (${gccMissing})` : ''}`, () => {
  it(`${framesCount} frames there and back through noise, each once and in order`, async () => {
    const program = workshop.build('gcc', 'echo', [
      ...strict,
      '-O2',
      ...mcuSources,
      'test/firmware-bridge/mcu/host/echo.c',
    ]);
    const child = spawn(program, { stdio: ['pipe', 'pipe', 'pipe'] });
    const ended = once(child, 'exit');
    const random = seededRandom(Number(process.env['TEST_ECHO_SEED'] ?? 1));
    const damage = noise(random, Number(process.env['TEST_ECHO_NOISE_BYTES'] ?? 20_000));
    await using port = pipePort(child, damage);
    let sentCount = 0;
    let returnedCount = 0;
    const wrong: string[] = [];
    const { promise: done, resolve: finish } = Promise.withResolvers<void>();
    const fill = () => {
      while (wrong.length === 0 && sentCount < framesCount && sentCount - returnedCount < underWayMax) {
        const index = sentCount;
        sentCount += 1;
        void bridge.send(bodyOf(index)).then((result) => {
          if (!result.ok) fault(`send ${index}: ${result.error.detail}`);
        });
      }
    };
    const fault = (what: string) => {
      wrong.push(what);
      finish();
    };
    const bridge = openBridge(
      port,
      systemClock,
      { random },
      {
        onUp: fill,
        onDown: ({ detail }) => fault(`down: ${detail}`),
        onData(body) {
          if (!bodyOf(returnedCount).equals(body)) {
            fault(`number ${returnedCount} came as ${Buffer.from(body).toString('hex')}`);
          }
          returnedCount += 1;
          if (returnedCount === framesCount) finish();
          fill();
        },
      },
    );
    const startMs = performance.now();
    await done;
    const tookMs = Math.trunc(performance.now() - startMs);
    expect(wrong).toEqual([]);
    const { session, received } = bridge.counters;
    console.log(`${framesCount} frames in ${tookMs} ms, ${damage.count} strikes, ${session.resent} resent`);
    expect(returnedCount).toBe(framesCount);
    expect(session.delivered).toBe(framesCount);
    expect(session.sessions).toBe(1);
    expect(received.discardedBytes).toBeGreaterThan(0);
    await bridge[Symbol.asyncDispose]();
    child.stdin.end();
    expect(await ended).toEqual([0, null]);
  }, 1_800_000);
});
