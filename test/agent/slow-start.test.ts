import { expect, it } from 'vitest';
import { type Clock, systemClock } from '../../agent/clock.ts';
import { openListener, statusOf } from '../support/heard.ts';
import { startLinkAgent } from '../support/link-agent.ts';
import { on } from '../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
const speed = 5;
/** Three misses of a broker that is asked how it is, and more. */
const openingMs = 25_000 / speed;

/** So that a slow card takes seconds, and the test of it does as well. */
const fastClock: Clock = {
  monotonicMs: () => systemClock.monotonicMs() * speed,
  wallMs: () => systemClock.wallMs(),
  after: (delayMs, action) => systemClock.after(delayMs / speed, action),
};

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describeWithMosquitto('an agent whose drivers take half a minute to open', () => {
  it('blames no broker for that, and is at the best one', async () => {
    await using heavy = await startMosquitto();
    await using light = await startMosquitto();
    const brokers = [on(heavy.port, { weight: 100 }), on(light.port)];
    await using rig = await startLinkAgent(documents, { brokers }, { clock: fastClock, opening: pause(openingMs) });
    await rig.told.ups.next();
    const [best, other] = rig.agent.sources.link().brokers;
    expect([best?.state, best?.lastError, other?.reconnects]).toEqual(['in-use', undefined, 0]);
  });

  it('does not do then what it was told at the beginning, and does what it is told now', async () => {
    await using broker = await startMosquitto();
    await using listener = await openListener(broker.port);
    const starting = startLinkAgent(
      documents,
      { brokers: [on(broker.port)] },
      { clock: fastClock, opening: pause(openingMs) },
    );
    await pause(500);
    await listener.say('qn/1/pi-1/notify/gpio.relay1', 'toggle');
    await using rig = await starting;
    await listener.hear({ verb: 'health', test: (heard) => statusOf(heard) !== 'offline' });
    await listener.say('qn/1/pi-1/notify/gpio.relay1', '{"id":"8","val":"toggle"}');
    await listener.hear({ verb: 'ack', id: 8n, status: 'successful' });
    expect(rig.board.wire('GPIO17').level).toBe(1);
    expect(rig.agent.sources.dispatch().received).toBe(1);
    expect(listener.all.filter((heard) => statusOf(heard) === 'offline')).toEqual([]);
  });
});
