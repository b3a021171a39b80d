import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubt, isStale, unanswered } from '../../../agent/documents/reader.ts';
import { versionGapMax } from '../../../agent/limits.ts';
import type { Message, Value } from '../../../agent/qn/message.ts';
import { Stage, sorted } from './owner-model.ts';

const small: fc.Arbitrary<Value> = fc.oneof(
  { arbitrary: fc.constantFrom(null, true, 'x'), weight: 1 },
  {
    arbitrary: fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.constantFrom(1, 2, { d: 1 }, { d: 2, e: [null] }, null),
    ),
    weight: 6,
  },
);

type Act = { readonly do: string; readonly value: Value; readonly index: number };

const acts: fc.Arbitrary<readonly Act[]> = fc.array(
  fc.record({
    do: fc.constantFrom(
      ...[
        'change',
        'change',
        'change',
        'skip',
        'restart',
        'tell',
        'tell-state',
        'show',
        'feed',
        'feed',
        'deliver',
        'deliver',
      ],
      ...['again', 'lose', 'query', 'query', 'lose-query', 'timeout', 'doubt'],
    ),
    value: small,
    index: fc.nat(),
  }),
  { maxLength: 60, size: 'max' },
);

/** Whatever order: epochs are not promised to grow. */
const epochs = fc.uniqueArray(fc.bigInt({ min: 1n, max: 20n }), { minLength: 6, maxLength: 6 });

function act(stage: Stage, { do: what, value, index }: Act): void {
  const { toReader, toOwner } = stage;
  const told = what === 'tell' || what === 'feed' ? stage.delta() : undefined;
  const at = toReader.length === 0 ? 0 : index % toReader.length;
  const message = toReader[at];
  if (what === 'change') stage.change(value);
  else if (what === 'skip') stage.skip(index % 2 === 0 ? 5 : versionGapMax + 5);
  else if (what === 'restart') stage.restart();
  else if (what === 'tell') toReader.push(...(told === undefined ? [] : [told]));
  else if (what === 'tell-state') toReader.push(stage.snapshot());
  else if (what === 'show') stage.deliver(stage.snapshot());
  else if (what === 'feed' && told !== undefined) stage.deliver(told);
  else if (what === 'lose') toReader.splice(at, 1);
  else if (what === 'deliver' && message !== undefined) stage.deliver(...(toReader.splice(at, 1) as [Message]));
  else if (what === 'again' && message !== undefined) stage.deliver(message);
  else if (what === 'query') toReader.push(...toOwner.splice(0, 1).map((query) => stage.answer(query)));
  else if (what === 'lose-query') toOwner.splice(0, 1);
  else if (what === 'timeout' && stage.reader.asked !== undefined) stage.step(unanswered(stage.reader));
  else if (what === 'doubt') stage.step(doubt(stage.reader));
}

/** The queries that were lost are sent again, as after a time without answer. */
function settle(stage: Stage): void {
  stage.settle();
  if (stage.reader.asked !== undefined) stage.step(unanswered(stage.reader));
  stage.settle();
}

function expectEqual(stage: Stage): void {
  expect(isStale(stage.reader)).toBe(false);
  const { epoch, version, value } = stage.current;
  expect([stage.reader.known?.epoch, stage.reader.known?.version]).toEqual([epoch, version]);
  expect(sorted(stage.reader.known?.value ?? null)).toEqual(sorted(value));
}

describe('a reader and an owner, with loss, doubles and any order', () => {
  const play = (script: readonly Act[], epochsOfOwner: readonly bigint[]) => {
    const stage = new Stage(epochsOfOwner);
    for (const one of script) {
      act(stage, one);
      expect(stage.isTrue).toBe(true);
    }
    return stage;
  };

  it('only ever shows what the owner said, and after a doubt is answered it equals the owner', () => {
    fc.assert(
      fc.property(acts, epochs, (script, epochsOfOwner) => {
        const stage = play(script, epochsOfOwner);
        stage.step(doubt(stage.reader));
        settle(stage);
        expectEqual(stage);
      }),
      { numRuns: 2_000 },
    );
  });

  it('notices by one word of the newest version that it missed something, and ends equal, whatever comes late', () => {
    fc.assert(
      fc.property(acts, epochs, fc.boolean(), (script, epochsOfOwner, bySnapshot) => {
        const stage = play(script, epochsOfOwner);
        stage.delta();
        stage.change({ last: script.length });
        stage.deliver((bySnapshot ? undefined : stage.delta()) ?? stage.snapshot());
        settle(stage);
        expectEqual(stage);
        for (const message of stage.toReader.splice(0)) {
          stage.deliver(message);
          settle(stage);
        }
        expectEqual(stage);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is not kept asking by old messages that come again and again', () => {
    const stage = new Stage([5n, 3n]);
    const old = stage.snapshot();
    stage.restart();
    stage.deliver(stage.snapshot());
    for (let count = 0; count < 100; count += 1) {
      stage.deliver(old);
      stage.settle();
    }
    expect(stage.asksCount).toBe(1);
    expectEqual(stage);
  });
});
