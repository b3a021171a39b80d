import { describe, expect, it } from 'vitest';
import { watchesMax } from '../../agent/limits.ts';
import { startSyncAgent } from '../support/sync-agent.ts';

const inbox = 'me/reply/gpio.relay1';
const query = (fields: object) => JSON.stringify({ src: 'me', reply: `qn/1/${inbox}`, ...fields });

describe('an agent that is watched', () => {
  it('answers with a snapshot that has the id of the query and the lease, then tells deltas', async () => {
    await using rig = await startSyncAgent();
    rig.say('query/gpio.relay1', query({ id: '77', mode: 'watch', lease: 5_000_000 }));
    const answer = await rig.on(inbox);
    expect(answer).toMatchObject({
      retain: false,
      message: { t: 'snapshot', id: 77n, src: 'pi-1', doc: 'gpio.relay1', ver: 1, val: false, lease: 3_600_000 },
    });
    rig.say('notify/gpio.relay1', 'ON');
    expect(await rig.on(inbox)).toMatchObject({ retain: false, message: { t: 'delta', base: 1, ver: 2, val: true } });
    rig.say('query/gpio.relay1', query({ mode: 'cancel' }));
    expect(await rig.on(inbox)).toMatchObject({ message: { t: 'snapshot', ver: 2, lease: 0 } });
    rig.say('notify/gpio.relay1', 'OFF');
    await rig.said.next(({ topic, message }) => topic === 'pi-1/state/gpio.relay1' && message.ver === 3);
    rig.say('query/gpio.relay1', query({ id: '78' }));
    expect((await rig.on(inbox)).message).toMatchObject({ id: 78n, ver: 3 });
    expect(rig.agent.sources.watches()).toMatchObject({ open: 0, told: 1 });
  });

  it('refuses a watch too many, and one that contradicts itself, and says so to who asked', async () => {
    await using rig = await startSyncAgent();
    for (let count = 0; count < watchesMax; count += 1) {
      rig.say('query/gpio.relay1', query({ mode: 'watch', reply: `qn/1/me/reply/${count}` }));
      await rig.on(`me/reply/${count}`);
    }
    rig.say('query/gpio.relay1', query({ id: '5', mode: 'watch' }));
    expect((await rig.on(inbox)).message).toMatchObject({ t: 'ack', id: 5n, st: 'rejected', why: 'overloaded' });
    rig.say('query/gpio.relay1', query({ id: '6', mode: 'watch', min: 900, max: 200 }));
    expect((await rig.on(inbox)).message).toMatchObject({ t: 'ack', id: 6n, st: 'rejected', why: 'out-of-range' });
    const { received, answered, refusedTotal } = rig.agent.sources.dispatch();
    expect(received).toBe(answered + refusedTotal);
  });

  it('answers without reply topic on its own state topic, retained', async () => {
    await using rig = await startSyncAgent();
    rig.say('query/gpio.relay1', '{"id":"9","mode":"watch"}');
    const answer = await rig.said.next(({ message }) => message.id === 9n && message.t === 'snapshot');
    expect(answer).toMatchObject({ topic: 'pi-1/state/gpio.relay1', message: { lease: 60_000 } });
  });

  it('tells in health and as an event that the broker lost what it had retained', async () => {
    await using rig = await startSyncAgent();
    rig.broker.drop();
    rig.broker.forgetRetained();
    const event = await rig.on('pi-1/event/agent');
    expect(event.message.val).toEqual({ what: 'retained_lost', broker: 'memory://broker' });
    const isTold = ({ val }: { val?: unknown }) => JSON.stringify(val).includes('"retained_lost":1');
    await rig.said.next(({ topic, message }) => topic === 'pi-1/health/agent' && isTold(message));
    expect(rig.agent.sources.retainedLost()).toBe(1);
    expect(rig.agent.sources.dispatch().stray).toBe(0);
  });
});
