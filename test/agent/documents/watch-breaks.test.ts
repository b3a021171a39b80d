import { describe, expect, it } from 'vitest';
import { reconnectDelayMsMax, sendAttemptsMax, watchLeaseMsMax } from '../../../agent/limits.ts';
import type { Snapshot } from '../../../agent/qn/message.ts';
import { openVoiceRig } from '../../support/voice-rig.ts';

const inbox = 'qn/1/reader/state/meter';

/** With one watch, which is told to `inbox`. */
async function openWatch() {
  const rig = openVoiceRig();
  rig.change('first');
  await rig.clock.advance(0);
  const query = { t: 'query', mode: 'watch', lease: watchLeaseMsMax } as const;
  rig.watches.ask({ document: 'meter', query, replyTopic: inbox }, rig.states.snapshot('meter') as Snapshot);
  return rig;
}

describe('a watch with a reply topic, when the link breaks while it is told', () => {
  it(`ends after ${sendAttemptsMax} times in a row: some brokers hang up on a topic`, async () => {
    const rig = await openWatch();
    rig.broker.setWeather({ holdsAcks: true });
    for (let count = 0; count < sendAttemptsMax; count += 1) {
      rig.change({ count });
      await rig.clock.advance(0);
      expect(rig.watches.stats().open).toBe(1);
      rig.broker.drop();
      await rig.clock.advance(reconnectDelayMsMax);
    }
    await rig.clock.advance(0);
    expect(rig.watches.stats()).toMatchObject({ open: 0, expired: 1 });
  });

  it('goes on over any number of times where it was told something in between', async () => {
    const rig = await openWatch();
    for (let count = 0; count < 2 * sendAttemptsMax; count += 1) {
      rig.broker.setWeather({ holdsAcks: true });
      rig.change({ count });
      await rig.clock.advance(0);
      rig.broker.drop();
      rig.broker.setWeather({ holdsAcks: false });
      await rig.clock.advance(reconnectDelayMsMax);
    }
    rig.arrived(inbox);
    rig.change('last');
    await rig.clock.advance(0);
    expect(rig.arrived(inbox)).toMatchObject([{ val: 'last' }]);
  });
});
