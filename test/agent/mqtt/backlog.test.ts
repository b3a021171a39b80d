import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { drainBurstCount, drainPerSecond, storedInHandCount } from '../../../agent/limits.ts';
import { type DurableRig, openDurableRig } from '../../support/durable-rig.ts';

let rig: DurableRig;
beforeEach(async () => {
  rig = await openDurableRig();
});
afterEach(() => rig[Symbol.asyncDispose]());

function say(count: number, prefix = 'm'): readonly string[] {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  for (const name of names) rig.say(name);
  return names;
}

describe('while a backlog is sent', () => {
  it('an answer waits for no more of it than is in hand', async () => {
    const names = say(60);
    rig.up();
    await rig.acknowledge(5);
    rig.say('ack', 'first');
    await rig.acknowledge();
    const place = rig.sent.indexOf('ack');
    expect(place).toBeGreaterThan(5);
    expect(place).toBeLessThanOrEqual(5 + 2 * storedInHandCount);
    expect(rig.sent.filter((name) => name.startsWith('m'))).toEqual(names);
    expect([rig.sent.length, rig.stored()]).toEqual([names.length + 1, []]);
  });

  it('an answer that finds no place in memory is not lost', async () => {
    say(60);
    const acks = Array.from({ length: 20 }, (_, index) => `ack${index}`);
    for (const ack of acks) rig.say(ack, 'first');
    rig.up();
    await rig.acknowledge();
    expect(rig.sent.filter((name) => name.startsWith('ack')).toSorted()).toEqual(acks.toSorted());
    expect([rig.sent.length, rig.stored()]).toEqual([80, []]);
  });

  it('it goes at its pace: a burst, and then so many in a second', async () => {
    const count = drainBurstCount + drainPerSecond;
    say(count + 100);
    await rig.settle();
    rig.up();
    await rig.acknowledge(count);
    const burst = rig.sent.length;
    expect(burst).toBeLessThanOrEqual(drainBurstCount + 2 * storedInHandCount);
    for (let step = 0; step < 20; step += 1) {
      await rig.clock.advance(50);
      await rig.acknowledge(count);
    }
    expect(rig.sent.length - burst).toBeGreaterThan(drainPerSecond * 0.8);
    expect(rig.sent.length - burst).toBeLessThan(drainPerSecond * 1.2);
  });

  it('what comes in faster than that does not keep it from ending', async () => {
    say(200);
    await rig.settle();
    rig.up();
    let said = 200;
    for (let step = 0; step < 100 && rig.store.outbox.count > 0; step += 1) {
      for (let index = 0; index < 2 * (drainPerSecond / 20); index += 1) rig.say(`n${(said += 1)}`);
      await rig.clock.advance(50);
      await rig.acknowledge(1_000);
    }
    expect(rig.store.outbox.count).toBe(0);
    expect(rig.sent).toHaveLength(said);
  });
});

it('what the store dropped and memory held all the same is told, and not counted', async () => {
  await using small = await openDurableRig({ outboxCountMax: 50 });
  for (let index = 0; index < 53; index += 1) small.say(`m${index}`);
  await small.settle();
  expect(small.durable.stats().storedDropped).toBe(3);
  small.up();
  await small.acknowledge();
  expect([small.sent.length, small.durable.stats().storedDropped]).toEqual([53, 0]);
  for (let index = 0; index < 3; index += 1) small.say(`n${index}`);
  await small.acknowledge();
  expect(small.durable.stats().storedDropped).toBe(0);
});

describe('of a document whose events wait as', () => {
  it('latest, only the latest is kept, wherever the others were', async () => {
    say(20);
    for (let index = 0; index < 30; index += 1) rig.say(`level${index}`, 'soon', 'gpio.level', 'latest');
    rig.say('other', 'soon', 'gpio.other', 'latest');
    await rig.settle();
    expect(rig.stored()).toHaveLength(22);
    rig.up();
    await rig.acknowledge();
    expect(rig.sent.slice(20)).toEqual(['level29', 'other']);
    expect(rig.durable.stats()).toMatchObject({ leftOut: 29, stored: 0, storedDropped: 0 });
  });

  it('latest, one that memory holds gives its place back', async () => {
    for (let index = 0; index < 30; index += 1) rig.say(`level${index}`, 'soon', 'gpio.level', 'latest');
    await rig.settle();
    expect([rig.outbox.stats().depth, rig.stored()]).toEqual([1, ['level29']]);
    rig.up();
    await rig.acknowledge();
    expect(rig.sent).toEqual(['level29']);
  });

  it('latest, none of them is left out while the broker takes them', async () => {
    rig.up();
    for (let index = 0; index < 5; index += 1) {
      rig.say(`level${index}`, 'soon', 'gpio.level', 'latest');
      await rig.acknowledge();
    }
    expect([rig.sent.length, rig.durable.stats().leftOut]).toEqual([5, 0]);
  });

  it('latest, one on its way is not taken back', async () => {
    rig.up();
    for (const name of ['a', 'b', 'c']) rig.say(name, 'soon', 'gpio.level', 'latest');
    expect(rig.sent).toEqual(['a', 'b', 'c']);
    rig.down();
    rig.say('d', 'soon', 'gpio.level', 'latest');
    await rig.settle();
    rig.up();
    await rig.acknowledge();
    expect(rig.sent.slice(3)).toEqual(['d']); // The others may have arrived or not: then nobody needs them.
  });

  it('latest, one that an earlier life left gives way to a newer one', async () => {
    rig.say('answer', 'first', 'gpio.level');
    rig.say('old', 'soon', 'gpio.level', 'latest');
    rig.say('another', 'soon', 'gpio.other', 'latest');
    await rig.settle();
    await rig.crash();
    await rig.start();
    rig.say('new', 'soon', 'gpio.level', 'latest');
    await rig.settle();
    expect(rig.stored()).toEqual(['answer', 'another', 'new']);
    rig.up();
    await rig.acknowledge();
    expect(rig.sent).toEqual(['answer', 'another', 'new']);
    expect(rig.durable.stats()).toMatchObject({ leftOut: 1, stored: 0 });
  });

  it('latest, of those that were on their way when the agent died the last one is sent again', async () => {
    rig.up();
    for (const name of ['a', 'b', 'c']) rig.say(name, 'soon', 'gpio.level', 'latest');
    rig.down(); // Now they are stored.
    await rig.settle();
    expect(rig.stored()).toEqual(['a', 'b', 'c']);
    await rig.crash();
    await rig.start();
    rig.up();
    await rig.acknowledge();
    expect(rig.sent.slice(3)).toEqual(['c']);
    expect(rig.stored()).toEqual([]);
  });

  it('latest, one of an earlier life that is on its way is not taken back', async () => {
    rig.say('old', 'soon', 'gpio.level', 'latest');
    await rig.settle();
    await rig.crash();
    await rig.start();
    rig.up();
    await rig.settle();
    expect(rig.sent).toEqual(['old']);
    rig.say('new', 'soon', 'gpio.level', 'latest');
    await rig.acknowledge();
    expect(rig.sent).toEqual(['old', 'new']);
    expect(rig.durable.stats()).toMatchObject({ leftOut: 0, stored: 0 });
  });

  it('drop, none is kept while there is no broker', async () => {
    for (const name of ['a', 'b', 'c']) expect(rig.say(name, 'soon', 'gpio.level', 'drop')).toBe(false);
    rig.up();
    expect(rig.say('d', 'soon', 'gpio.level', 'drop')).toBe(true);
    rig.down();
    rig.up();
    await rig.acknowledge();
    expect(rig.sent).toEqual(['d']);
    expect(rig.durable.stats()).toMatchObject({ leftOut: 4, stored: 0 });
    expect(rig.outbox.stats().depth).toBe(0);
  });
});
