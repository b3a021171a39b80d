import { describe, expect, it } from 'vitest';
import { runFlashes } from '../prove/flash-run.ts';
import { hasMosquitto } from '../support/mosquitto.ts';
import { optibootMissing } from '../support/uno.ts';

const missing = optibootMissing ?? (hasMosquitto ? undefined : 'apt install mosquitto');
const what = 'a new program for a microcontroller, sent over the broker';

/** The same with more cuts, by hand: `npm run prove:flash -- --cuts 10`. */
describe.skipIf(missing !== undefined)(missing === undefined ? what : `${what} (${missing})`, () => {
  it('runs in the end, when its cable or the agent is cut in the middle', { timeout: 240_000 }, async () => {
    const rounds = await runFlashes({ cuts: ['cable', 'agent'], seed: 11 });
    expect(rounds.map(({ wanted }) => wanted)).toEqual(['1.5.0', '1.4.0']);
    for (const { wanted, inFlash, told, exitCode, said } of rounds) {
      expect({ inFlash, told, exitCode, said }).toMatchObject({ inFlash: wanted, told: wanted, exitCode: 0 });
    }
  });
});
