import fc from 'fast-check';
import { expect, it } from 'vitest';
import { asked, doubt, emptyReader, isStale, type ReaderStep, read } from '../../../agent/documents/reader.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { openVoiceRig } from '../../support/voice-rig.ts';
import { sorted } from './owner-model.ts';

const inbox = 'reader/meter';

/** A watcher as a program would be: it feeds its reader what comes, and sends what the reader asks. */
function openWatcher(rig: ReturnType<typeof openVoiceRig>, pace: { readonly min?: number }) {
  let reader = emptyReader;
  let nextId = 1n;
  const step = ({ state, ask }: ReaderStep): void => {
    reader = state;
    if (ask === undefined) return;
    const id = nextId;
    nextId += 1n;
    reader = asked(reader, id);
    const snapshot = rig.states.snapshot('meter');
    const query = { t: 'query', mode: 'watch', lease: 3_600_000, ...pace } as const;
    if (snapshot !== undefined) rig.watches.ask({ document: 'meter', query, replyTopic: inbox }, snapshot);
    if (snapshot !== undefined) step(read(reader, { ...snapshot, id }));
  };
  step(doubt(reader));
  return {
    listen() {
      for (const message of rig.arrived(inbox)) step(read(reader, message));
      return reader;
    },
  };
}

const values: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(1, 2, null, { d: 1 })),
);
const acts = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('change' as const), value: values }),
    fc.record({ do: fc.constantFrom('drop', 'hold', 'release', 'wait') }),
  ),
  { maxLength: 60, size: 'max' },
);

it('the reader of a watch ends equal to the owner, through lost connections and a broker that takes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(acts, fc.constantFrom({}, { min: 50 }), async (script, pace) => {
      const rig = openVoiceRig();
      rig.change(0);
      await rig.clock.advance(0);
      const watcher = openWatcher(rig, pace);
      for (const act of script) {
        if ('value' in act) rig.change(act.value);
        else if (act.do === 'drop') rig.broker.drop();
        else if (act.do === 'wait') await rig.clock.advance(20);
        else rig.broker.setWeather({ holdsAcks: act.do === 'hold' });
        watcher.listen();
      }
      rig.broker.setWeather({ holdsAcks: false });
      rig.change({ last: 1 });
      for (let turn = 0; turn < 40; turn += 1) await rig.clock.advance(50);
      const reader = watcher.listen();
      expect(isStale(reader)).toBe(false);
      expect(sorted(reader.known?.value ?? null)).toEqual(sorted({ last: 1 }));
    }),
    { numRuns: 60 },
  );
});
