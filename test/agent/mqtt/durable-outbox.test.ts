import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { storeSoonMs } from '../../../agent/limits.ts';
import { type DurableRig, memoryCount, openDurableRig } from '../../support/durable-rig.ts';

let rig: DurableRig;
beforeEach(async () => {
  rig = await openDurableRig({ outboxCountMax: 50, probeMsMin: 1_000 });
});
afterEach(() => rig[Symbol.asyncDispose]());

function names(count: number, prefix = 'm'): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${index}`);
}

function commits(): number {
  return rig.store.metrics().commits;
}

describe('while the link is up', () => {
  it('a message that is acknowledged soon never touches the store', async () => {
    rig.up();
    const before = commits();
    for (const name of names(30)) {
      rig.say(name);
      await rig.acknowledge();
    }
    await rig.clock.advance(3 * storeSoonMs);
    expect(rig.sent).toEqual(names(30));
    expect(commits()).toBe(before);
  });

  it('one that is not acknowledged within storeSoonMs is stored, and removed with its acknowledgement', async () => {
    rig.up();
    rig.say('a');
    await rig.clock.advance(storeSoonMs - 1);
    expect(rig.stored()).toEqual([]);
    await rig.clock.advance(2);
    await rig.settle();
    expect(rig.stored()).toEqual(['a']);
    await rig.acknowledge();
    expect([rig.stored(), rig.sent]).toEqual([[], ['a']]);
  });

  it('first is on the disk before it is sent', async () => {
    rig.platter.latencyMs = 50;
    rig.up();
    rig.say('ack', 'first');
    await rig.clock.advance(49);
    expect([rig.stored(), rig.sent]).toEqual([[], []]);
    await rig.clock.advance(2);
    await rig.settle();
    expect([rig.stored(), rig.sent]).toEqual([['ack'], ['ack']]);
  });

  it('a slow disk does not strand what came behind the last read', async () => {
    for (const name of names(3)) rig.say(name);
    await rig.settle();
    await rig.crash();
    await rig.start();
    rig.platter.latencyMs = 50;
    rig.up();
    await rig.clock.advance(51);
    expect(rig.sent).toEqual(names(3));
    rig.say('late', 'first'); // The next read, which finds nothing, is under way.
    for (let step = 0; step < 10; step += 1) {
      await rig.clock.advance(50);
      await rig.settle();
    }
    expect(rig.sent).toEqual([...names(3), 'late']);
    rig.platter.latencyMs = 0;
  });

  it('none is never stored', async () => {
    rig.say('a', 'none');
    rig.up();
    await rig.clock.advance(3 * storeSoonMs);
    expect([rig.stored(), rig.sent]).toEqual([[], ['a']]);
  });
});

describe('while the link is down', () => {
  it('a message is stored at once', async () => {
    rig.say('a');
    await rig.settle();
    expect(rig.stored()).toEqual(['a']);
  });

  it('what was in flight is stored when it goes', async () => {
    rig.up();
    rig.say('a');
    await rig.settle();
    expect(rig.stored()).toEqual([]);
    rig.down();
    await rig.settle();
    expect(rig.stored()).toEqual(['a']);
  });

  it('more than memory holds waits in the store, and comes back in order, each once', async () => {
    for (const name of names(45)) rig.say(name);
    await rig.settle();
    expect(rig.stored()).toHaveLength(45);
    expect(rig.outbox.stats().depth).toBeLessThanOrEqual(memoryCount);
    rig.up();
    await rig.acknowledge();
    expect(rig.sent).toEqual(names(45));
    expect([rig.stored(), rig.store.outbox.count]).toEqual([[], 0]);
  });

  it('new ones while a backlog is sent keep their place behind it', async () => {
    for (const name of names(30)) rig.say(name);
    rig.up();
    await rig.acknowledge(5);
    rig.say('new');
    await rig.acknowledge();
    expect(rig.sent).toEqual([...names(30), 'new']);
  });

  it('at the bound of the store nothing is lost; each one more drops the oldest, counted by document', async () => {
    for (const name of names(50)) rig.say(name);
    await rig.settle();
    expect([...rig.store.outbox.dropped]).toEqual([]);
    for (const name of names(3, 'more')) rig.say(name);
    await rig.settle();
    expect([...rig.store.outbox.dropped]).toEqual([['gpio.x', 3]]);
    await rig.crash();
    await rig.start();
    rig.up();
    await rig.acknowledge();
    expect(rig.sent).toEqual([...names(50).slice(3), ...names(3, 'more')]);
  });

  it('one that others push out of memory comes from the store', async () => {
    rig.say('kept');
    for (const name of names(memoryCount)) rig.say(name, 'none');
    await rig.settle();
    rig.up();
    await rig.acknowledge();
    expect(rig.sent.toSorted()).toEqual(['kept', ...names(memoryCount)].toSorted());
  });
});

describe('the next life', () => {
  it('sends what was left, and removes it only when the broker acknowledged', async () => {
    for (const name of names(3)) rig.say(name);
    await rig.settle();
    await rig.crash();
    await rig.start();
    rig.up();
    await rig.settle();
    expect([rig.sent, rig.stored()]).toEqual([names(3), names(3)]);
    await rig.acknowledge(1);
    expect(rig.stored()).toEqual(['m1', 'm2']);
    await rig.crash();
    await rig.start();
    rig.up();
    await rig.acknowledge();
    expect([rig.sent, rig.stored()]).toEqual([[...names(3), 'm1', 'm2'], []]);
  });

  it('finds what an earlier one left, though the disk did not work when it began', async () => {
    rig.say('a');
    await rig.settle();
    await rig.crash();
    rig.platter.trouble = 'io';
    await rig.start();
    rig.up();
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    rig.storeChanged();
    await rig.acknowledge();
    expect(rig.sent).toEqual(['a']);
  });
});

it('a link that comes after the disk was made good finds what an earlier life left', async () => {
  rig.say('a');
  await rig.settle();
  await rig.crash();
  rig.platter.trouble = 'io';
  await rig.start();
  rig.platter.trouble = undefined;
  await rig.clock.advance(5_000);
  rig.up();
  await rig.acknowledge();
  expect(rig.sent).toEqual(['a']);
});

describe('a disk in trouble', () => {
  it.each(['soon', 'first'] as const)('%s goes from memory alone, and into the store when it works', async (kind) => {
    rig.platter.trouble = 'io';
    rig.say('a', kind); // Fails when it is written.
    await rig.settle();
    rig.say('b', kind); // The store says that it is in trouble.
    await rig.settle();
    expect(rig.stored()).toEqual([]);
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    rig.storeChanged();
    await rig.settle();
    expect(rig.stored()).toContain('a');
    rig.up();
    await rig.acknowledge();
    expect([rig.sent, rig.stored()]).toEqual([['a', 'b'], []]);
  });

  it.each(['soon', 'first'] as const)('%s behind a backlog is not lost with the write that fails', async (kind) => {
    for (const name of names(20)) rig.say(name);
    await rig.settle();
    await rig.crash();
    await rig.start();
    rig.platter.trouble = 'io';
    rig.say('last', kind);
    await rig.settle();
    rig.up();
    await rig.settle();
    rig.platter.trouble = undefined;
    await rig.clock.advance(5_000);
    rig.storeChanged();
    await rig.acknowledge();
    expect(rig.sent.toSorted()).toEqual([...names(20), 'last'].toSorted());
  });
});
