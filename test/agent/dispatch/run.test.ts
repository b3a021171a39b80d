import { describe, expect, it } from 'vitest';
import { DispatchCounters } from '../../../agent/dispatch/counters.ts';
import type { Job } from '../../../agent/dispatch/job.ts';
import { DispatchLoop } from '../../../agent/dispatch/run.ts';
import { createTable } from '../../../agent/dispatch/table.ts';
import {
  dispatchTurnMessagesMax,
  dispatchTurnMsMax,
  emergencyInboundCount,
  poolProfiles,
} from '../../../agent/limits.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { createPool } from '../../../agent/pool/pool.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { configOf } from '../../support/memory-agent.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }',
];
const inboundCountMax = 160 + 8;

/** A loop whose handler writes down what it got. */
function openLoop(handled: (text: string) => void | Promise<void> = () => {}, isSlotKept = false) {
  let nowMs = 0;
  const clock = { ...createFakeClock(), monotonicMs: () => nowMs };
  const pool = createPool(poolProfiles.standard);
  pool.seal();
  const texts: string[] = [];
  const refusals: string[] = [];
  const counters = new DispatchCounters();
  const loop = new DispatchLoop(
    {
      clock,
      pool,
      counters,
      table: createTable(configOf({ documents }, '/tmp')),
      handle(job: Job) {
        const text = Buffer.from(job.slot.bytes()).toString();
        if (!isSlotKept) pool.release(job.slot);
        texts.push(text);
        return handled(text);
      },
      refuse: (_route, _caller, { reason }) => void refusals.push(reason),
    },
    inboundCountMax,
  );
  const say = (document: string, payload: string) => loop.receive(message(`qn/1/pi-1/notify/${document}`, payload));
  const pass = (ms: number) => void (nowMs += ms);
  return { loop, pool, pass, texts, refusals, counters, say };
}

function message(topic: string, text: string): InboundMessage {
  return { topic, payload: Buffer.from(text), qos: 1, retain: false, duplicate: false, properties: {} };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the dispatch loop', () => {
  it('returns at once and keeps its own copy of the payload', async () => {
    const { loop, texts, pool } = openLoop();
    const inbound = message('qn/1/pi-1/notify/gpio.relay1', 'ON');
    loop.receive(inbound);
    inbound.payload.fill(0);
    expect(texts).toEqual([]);
    await turn();
    expect(texts).toEqual(['ON']);
    pool.close();
  });

  it('takes emergency documents first, whatever came before them', async () => {
    const { texts, say } = openLoop();
    for (const text of ['1', '2', '3']) say('gpio.relay1', text);
    say('gpio.stop', 'stop');
    await turn();
    expect(texts).toEqual(['stop', '1', '2', '3']);
  });

  it(`gives the event loop its share after ${dispatchTurnMessagesMax} messages`, async () => {
    const { loop, texts, say } = openLoop();
    for (let count = 0; count < dispatchTurnMessagesMax + 1; count += 1) say('gpio.relay1', `${count}`);
    await turn();
    expect([texts.length, loop.depth]).toEqual([dispatchTurnMessagesMax, 1]);
    await turn();
    expect(texts).toHaveLength(dispatchTurnMessagesMax + 1);
  });

  it(`and after ${dispatchTurnMsMax} ms, so that an emergency that arrives meanwhile is next`, async () => {
    const rig = openLoop(() => rig.pass(dispatchTurnMsMax));
    for (const text of ['1', '2']) rig.say('gpio.relay1', text);
    await turn();
    expect(rig.texts).toEqual(['1']);
    rig.say('gpio.stop', 'stop');
    await turn();
    await turn();
    expect(rig.texts).toEqual(['1', 'stop', '2']);
  });

  it('refuses bulk at its bound as overloaded, and an emergency still gets in', async () => {
    const { texts, refusals, say, pool, counters } = openLoop();
    const bulkMax = inboundCountMax - emergencyInboundCount;
    for (let count = 0; count < bulkMax; count += 1) say('gpio.relay1', `${count}`);
    expect(refusals).toEqual([]);
    say('gpio.relay1', 'one more');
    expect(refusals).toEqual(['overloaded']);
    for (let count = 0; count < emergencyInboundCount; count += 1) say('gpio.stop', 'stop');
    expect(refusals).toHaveLength(1);
    say('gpio.stop', 'one more');
    expect(refusals).toHaveLength(2);
    for (let count = 0; count < 10; count += 1) await turn();
    expect(texts).toHaveLength(inboundCountMax);
    expect(counters.totals().received).toBe(inboundCountMax + 2);
    pool.close();
  });

  it('keeps room for an emergency while others were handed on and still hold their slots', async () => {
    const { refusals, say } = openLoop(() => {}, true);
    for (let count = 0; count < inboundCountMax; count += 1) {
      say('gpio.relay1', `${count}`);
      await turn();
    }
    expect(refusals).toHaveLength(emergencyInboundCount);
    for (let count = 0; count < emergencyInboundCount; count += 1) say('gpio.stop', 'stop');
    expect(refusals).toHaveLength(emergencyInboundCount);
  });

  it('refuses what is larger than any slot, one byte over, before it is decoded', async () => {
    const { texts, refusals, say, pool } = openLoop();
    say('gpio.relay1', 'x'.repeat(pool.payloadBytesMax + 1));
    expect(refusals).toEqual(['too-large']);
    say('gpio.relay1', 'x'.repeat(pool.payloadBytesMax));
    await turn();
    expect(texts.map(({ length }) => length)).toEqual([pool.payloadBytesMax]);
  });

  it('counts what is on no topic of ours as stray', () => {
    const { loop, counters } = openLoop();
    loop.receive(message('somebody/else', 'x'));
    expect(counters.totals()).toMatchObject({ received: 0, stray: 1 });
  });

  it('takes an empty payload for no command, but where somebody waits for an answer, and on query topics', async () => {
    const { loop, texts, counters } = openLoop();
    const empty = message('qn/1/pi-1/notify/gpio.stop', '');
    let keptCount = 0;
    loop.receive({ ...empty, kept: () => (keptCount += 1) });
    expect([keptCount, counters.totals()]).toMatchObject([1, { received: 0, stray: 1 }]);
    loop.receive({ ...empty, properties: { responseTopic: 'answers' } });
    loop.receive(message('qn/1/pi-1/query/gpio.stop', ''));
    await turn();
    expect(texts).toEqual(['', '']);
  });

  it('gives back every slot when it is closed, and takes nothing afterwards', async () => {
    const { loop, pool, texts, say } = openLoop();
    say('gpio.relay1', '1');
    say('gpio.stop', '2');
    loop.close();
    say('gpio.relay1', '3');
    await turn();
    expect([texts, loop.depth]).toEqual([[], 0]);
    pool.close();
  });
});

describe('a message of QoS 2', () => {
  const keptMessage = (topic: string, kept: () => void) => ({ ...message(topic, 'ON'), qos: 2 as const, kept });

  it('is kept when it was handled, and not before what that takes on the disk', async () => {
    const disk = Promise.withResolvers<void>();
    const { loop } = openLoop(() => disk.promise);
    let keptCount = 0;
    loop.receive(keptMessage('qn/1/pi-1/notify/gpio.relay1', () => void (keptCount += 1)));
    await turn();
    await turn();
    expect(keptCount).toBe(0);
    disk.resolve();
    await turn();
    expect(keptCount).toBe(1);
  });

  it('is kept at once when nobody handles it, or when it is refused', () => {
    const { loop, refusals } = openLoop();
    let keptCount = 0;
    const kept = () => void (keptCount += 1);
    loop.receive(keptMessage('qn/1/pi-2/notify/gpio.relay1', kept));
    expect(keptCount).toBe(1);
    loop.receive(keptMessage('qn/1/pi-2/notify/gpio.relay1', kept), 'express');
    expect(keptCount).toBe(2);
    loop.receive({ ...keptMessage('qn/1/pi-1/notify/gpio.relay1', kept), payload: Buffer.alloc(70_000) });
    expect([keptCount, refusals]).toEqual([3, ['too-large']]);
  });

  it('is kept at once when the other connection brings it for a document that is no emergency one any more', async () => {
    const { loop, texts } = openLoop();
    let keptCount = 0;
    loop.receive(
      keptMessage('qn/1/pi-1/notify/gpio.relay1', () => void (keptCount += 1)),
      'express',
    );
    await turn();
    expect([keptCount, texts]).toEqual([1, []]);
  });
});
