import { expect, it } from 'vitest';
import { runKills } from '../prove/kill-run.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';

const options = { kills: 50, commands: 1_000, seed: 7 };

/** The same with any number of kills, by hand: `npm run prove:kill -- --kills 500 --commands 10000`. */
describeWithMosquitto('commands that must not be done twice', () => {
  it(`have one effect at most and one ending, through ${options.kills} kills`, { timeout: 400_000 }, async () => {
    const { faults, counts } = await runKills(options);
    expect(counts['successful']).toBeGreaterThan(options.commands / 4); // Else nothing was proved.
    expect(counts['interrupted']).toBeGreaterThan(0);
    for (const kind of ['pulse', 'toggle', 'serial']) expect(counts[kind], kind).toBeGreaterThan(50);
    expect(faults).toEqual([]);
  });
});
