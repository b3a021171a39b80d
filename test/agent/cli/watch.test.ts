import { expect, it } from 'vitest';
import { exitCodes } from '../../../agent/cli/verb.ts';
import { watchVerb } from '../../../agent/cli/watch.ts';
import { systemClock } from '../../../agent/clock.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';

/** `qnctl watch` in this process, with a node whose part the test plays. */
async function watching(options: { readonly [name: string]: string } = {}, document?: string) {
  const broker = await startMosquitto();
  const queries = await broker.collect('qn/1/pi-1/query/#');
  const lines = createArrivals<string>();
  const errors: string[] = [];
  const stop = new AbortController();
  const context = {
    env: {},
    clock: systemClock,
    random: Math.random,
    signal: stop.signal,
    stdin: (async function* () {})(),
    out: (line: string) => lines.push(line),
    err: (line: string) => void errors.push(line),
    outBytes() {},
  };
  const operands = document === undefined ? ['pi-1'] : ['pi-1', document];
  const say = (below: string, message: object, retain = false) =>
    broker.publish(`qn/1/${below}`, JSON.stringify(message), { retain });
  await say('pi-1/state/gpio.a', { ep: '5', ver: 1, val: 'one' }, true);
  const ended = watchVerb.run(context, operands, { url: broker.url, timeout: '200ms', ...options });
  expect(await lines.next()).toContain('one');
  return {
    broker,
    queries,
    lines,
    errors,
    ended,
    say,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      await queries[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    },
  };
}

describeWithMosquitto('qnctl watch', () => {
  it('prints deltas in order without asking', async () => {
    await using rig = await watching();
    await rig.say('pi-1/delta/gpio.a', { ep: '5', base: 1, ver: 2, val: 'two' });
    expect(await rig.lines.next()).toBe('gpio.a changed: "two"  (version 1 to 2)');
    expect(rig.queries.all).toEqual([]);
  });

  it('asks about a gap from the version it has, and prints the answer', async () => {
    await using rig = await watching();
    await rig.say('pi-1/delta/gpio.a', { ep: '5', base: 3, ver: 4, val: 'four' });
    const query = JSON.parse((await rig.queries.next()).text);
    expect(query).toMatchObject({ t: 'query', ep: '5', ver: 1 });
    expect(query.reply).toBe(`qn/1/${query.src}/reply/gpio.a`);
    await rig.say(`${query.src}/reply/gpio.a`, { t: 'snapshot', id: query.id, ep: '5', ver: 4, val: 'four' });
    await rig.lines.next((line) => line === 'gpio.a = "four"  (version 4)');
    expect(rig.lines.all.filter((line) => line.includes('stale'))).toEqual([]);
  });

  it('says stale when nobody answers, and goes on asking', async () => {
    await using rig = await watching({}, 'gpio.a');
    await rig.say('pi-1/delta/gpio.a', { ep: '5', base: 3, ver: 4, val: 'four' });
    await rig.lines.next((line) => line === 'gpio.a stale: known up to version 1, pi-1 does not answer');
    const ids = [await rig.queries.next(), await rig.queries.next()].map(({ text }) => JSON.parse(text).id);
    expect(new Set(ids).size).toBe(2);
  });

  it('says stale in JSON when the node goes offline, also when it watches one document', async () => {
    const broker = { json: true } as unknown as { json: string };
    await using rig = await watching(broker, 'gpio.a');
    await rig.say('pi-1/health/agent', { t: 'health', val: { status: 'offline' } });
    expect(JSON.parse(await rig.lines.next((line) => line.includes('stale')))).toEqual({
      doc: 'gpio.a',
      stale: true,
      ver: 1,
    });
    expect(rig.lines.all.filter((line) => line.includes('health'))).toEqual([]);
  });

  it('ends with unavailable when it loses the broker, and does not wait for nothing', async () => {
    await using rig = await watching();
    await rig.broker.kill();
    expect(await rig.ended).toBe(exitCodes.unavailable);
    expect(rig.errors.join()).toContain('may be stale');
  });

  it('prints a refusal that comes where a snapshot was asked for', async () => {
    await using rig = await watching();
    await rig.say('pi-1/delta/gpio.a', { ep: '5', base: 3, ver: 4, val: 'four' });
    const { id, src } = JSON.parse((await rig.queries.next()).text);
    await rig.say(`${src}/reply/gpio.a`, { t: 'ack', id, st: 'rejected', why: 'driver-absent' });
    await rig.lines.next((line) => line.startsWith('gpio.a rejected, driver-absent'));
  });

  it('ends after so many messages', async () => {
    await using rig = await watching({ count: '2' });
    await rig.say('pi-1/delta/gpio.a', { ep: '5', base: 1, ver: 2, val: 'two' });
    expect(await rig.ended).toBe(exitCodes.ok);
    expect(rig.lines.all).toHaveLength(2);
  });
});
