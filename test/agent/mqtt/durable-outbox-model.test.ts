import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openDurableRig } from '../../support/durable-rig.ts';

const operation = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('first', 'soon', 'none') },
  { weight: 3, arbitrary: fc.constantFrom('settle', 'acknowledge', 'acknowledge-all', 'wait') },
  { weight: 2, arbitrary: fc.constantFrom('up', 'down') },
  { weight: 1, arbitrary: fc.constantFrom('crash-lost', 'crash-kept', 'trouble') },
);

it('every first message that was durable is sent, whatever happens between', { timeout: 60_000 }, async () => {
  const program = fc.array(operation, { minLength: 20, maxLength: 120 });
  await fc.assert(fc.asyncProperty(program, sendsAll), { numRuns: 300 });
});

async function sendsAll(program: readonly string[]): Promise<void> {
  await using rig = await openDurableRig({ probeMsMin: 1_000 });
  const durable = new Set<string>();
  let said = 0;
  let isUp = false;
  const setUp = (isWanted: boolean) => {
    if (isWanted && !isUp) {
      rig.up();
      rig.outbox.send({ topic: 'health', bytes: Buffer.from('health'), qos: 1, retain: true, policy: 'when-up' });
    }
    if (!isWanted && isUp) rig.down();
    isUp = isWanted;
  };
  const note = () => {
    for (const text of rig.stored()) durable.add(text);
  };
  for (const what of program) {
    if (what === 'first' || what === 'soon' || what === 'none') rig.say(`${what}${(said += 1)}`, what);
    else if (what === 'settle') await rig.settle();
    else if (what === 'acknowledge') await rig.acknowledge(1);
    else if (what === 'acknowledge-all') await rig.acknowledge(20);
    else if (what === 'wait') await rig.clock.advance(1_500);
    else if (what === 'up' || what === 'down') setUp(what === 'up');
    else if (what === 'trouble') await haveTrouble(rig);
    else {
      await rig.crash(what === 'crash-kept');
      note();
      await rig.start();
      isUp = false;
    }
    note();
  }
  await rig.settle();
  note();
  setUp(true); // Nothing may be stranded in the store of a life that goes on.
  await rig.acknowledge();
  const lost = [...durable].filter((text) => !rig.sent.includes(text));
  expect(lost).toEqual([]);
  expect(rig.stored()).toEqual([]);
}

async function haveTrouble(rig: Awaited<ReturnType<typeof openDurableRig>>): Promise<void> {
  await rig.settle();
  rig.platter.trouble = 'io';
  rig.say('soon-lost-in-trouble');
  await rig.settle();
  rig.platter.trouble = undefined;
  await rig.clock.advance(5_000);
  rig.storeChanged();
  await rig.settle();
}
