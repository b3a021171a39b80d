import { afterAll, describe, expect, it } from 'vitest';
import { anyOf, buildEcho, compactOf, echo, noise } from '../../prove/echo-run.ts';
import { gccMissing, openWorkshop } from '../../support/c-compiler.ts';
import { seededRandom } from '../../support/seeded-random.ts';

/** `npm run prove:link` sends a million; it takes minutes. */
const framesCount = 50_000;
const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());

describe.skipIf(gccMissing !== undefined)(`the bridge and the C side${gccMissing ? ` (${gccMissing})` : ''}`, () => {
  it(`${framesCount} compact messages there and back through noise, each once and in order`, async () => {
    const random = seededRandom(1);
    const damage = noise(random, 20_000);
    const run = { count: framesCount, bodyOf: compactOf, random, damage };
    const { wrong, returnedCount, tookMs, counters, exit } = await echo(buildEcho(workshop), run);
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
    const { wrong, returnedCount, counters, exit } = await echo(buildEcho(workshop), {
      count: 20_000,
      bodyOf: anyOf,
      random: seededRandom(1),
    });
    expect(wrong).toEqual([]);
    expect([returnedCount, counters.received.discardedBytes]).toEqual([20_000, 0]);
    expect(exit).toEqual([0, null]);
  }, 60_000);
});
