import { describe, expect, it } from 'vitest';
import { retainedGraceMs, twinWindowMs } from '../../../agent/limits.ts';
import { createMemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import { RetainedCheck } from '../../../agent/mqtt/retained-check.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const topic = 'qn/1/pi-1/health/agent';
const boot = 1n;
const birth = { topic, payload: Buffer.from(`online ${boot}`), qos: 1, retain: true } as const;

/** A board that says its birth retained at every connection, as the agent does. */
async function openBoard({ retainedFirst = false } = {}) {
  const clock = createFakeClock();
  const broker = createMemoryBroker({ clock });
  broker.setWeather({ retainedFirst });
  const lostBy: string[] = [];
  const check = new RetainedCheck(clock, { topic, boot }, (name) => lostBy.push(name));
  const subscriptions = [
    { filter: topic, qos: 1 },
    { filter: 'in/#', qos: 1 },
  ] as const;
  const link = broker.openLink(
    { clientId: 'board', will: { ...birth, payload: Buffer.from(`offline ${boot}`) }, subscriptions },
    {
      onUp(up) {
        check.up(up.broker);
        link.publish(birth, () => {});
      },
      onDown: () => check.down(),
      onTrouble() {},
      onMessage: (message) => void check.hear(message),
    },
  );
  await clock.advance(retainedGraceMs * 2);
  return {
    clock,
    broker,
    check,
    lostBy,
    say: () => link.publish(birth, () => {}),
    async reconnect() {
      broker.drop();
      await clock.advance(1_000);
      await clock.advance(retainedGraceMs);
    },
  };
}

describe.each([
  ['after the connection is up', false],
  ['before the connection is up', true],
])('a board whose broker sends what is retained %s', (_, retainedFirst) => {
  it('says nothing at the first connection, and nothing when it comes back', async () => {
    const board = await openBoard({ retainedFirst });
    await board.reconnect();
    await board.reconnect();
    expect(board.broker.connectsCount).toBe(3);
    expect([board.lostBy, board.check.lostCount]).toEqual([[], 0]);
  });

  it('tells a broker that lost what it retained, once for each time', async () => {
    const board = await openBoard({ retainedFirst });
    for (const count of [1, 2]) {
      board.broker.drop();
      board.broker.forgetRetained();
      await board.clock.advance(1_000);
      await board.clock.advance(retainedGraceMs * 3);
      expect(board.lostBy).toHaveLength(count);
    }
    expect(board.check.lostCount).toBe(2);
    await board.reconnect();
    expect(board.lostBy).toHaveLength(2);
  });

  it('has a twin where another life is retained twice, and no longer once that is over', async () => {
    const board = await openBoard({ retainedFirst });
    const speakForAnother = () => board.broker.client().publish(topic, 'online 2', { retain: true });
    const twins: boolean[] = [];
    for (const isOther of [false, true, false, true]) {
      board.broker.setWeather({ retainedFirst, refusesConnects: true });
      board.broker.drop();
      if (isOther) speakForAnother();
      board.broker.setWeather({ retainedFirst, refusesConnects: false });
      await board.clock.advance(60_000);
      twins.push(board.check.twin !== undefined);
    }
    expect(twins).toEqual([false, false, false, true]);
    await board.clock.advance(twinWindowMs);
    expect(board.check.twin).toBeUndefined();
  });
});

describe('a board', () => {
  it('does not call it lost when somebody took the message off the broker', async () => {
    const board = await openBoard();
    board.broker.client().publish(topic, '', { retain: true });
    await board.clock.advance(0);
    board.broker.setWeather({ refusesConnects: true });
    board.broker.drop();
    board.broker.forgetRetained(); // The last will goes with it.
    board.broker.setWeather({ refusesConnects: false });
    await board.clock.advance(1_000);
    await board.clock.advance(retainedGraceMs);
    expect(board.lostBy).toEqual([]);
  });

  it('waits for what is retained and comes late', async () => {
    const board = await openBoard();
    board.broker.drop();
    board.broker.forgetRetained();
    await board.clock.advance(1_000);
    board.check.hear({ ...birth, duplicate: false, properties: {} });
    await board.clock.advance(retainedGraceMs);
    expect(board.lostBy).toEqual([]);
  });

  it('hears itself more than once in a connection and thinks nothing of it', async () => {
    const board = await openBoard();
    for (let count = 0; count < 3; count += 1) {
      board.say();
      await board.clock.advance(retainedGraceMs * 2);
    }
    expect(board.lostBy).toEqual([]);
  });

  it('forgets the verdict when the connection ends meanwhile', async () => {
    const board = await openBoard();
    board.broker.forgetRetained();
    board.broker.setWeather({ refusesConnects: true });
    board.broker.drop();
    board.broker.forgetRetained();
    board.broker.setWeather({ refusesConnects: false });
    await board.clock.advance(500);
    expect(board.clock.timersCount).toBe(1);
    board.broker.setWeather({ refusesConnects: true });
    board.broker.drop();
    await board.clock.advance(retainedGraceMs * 2);
    expect(board.lostBy).toEqual([]);
  });
});
