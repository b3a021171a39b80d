import { expect, it } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { openListener } from '../support/heard.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

/** What a broker brings back after a power cut that took the board as well: the last will was never said. */
function old(status: string, agoMs: number): string {
  const val = { status, boot: '1', interval_s: 60, why: ['disk: full'] };
  return JSON.stringify({ t: 'health', val, ts: Date.now() - agoMs, clk: 'synced' });
}

describeWithMosquitto('qnctl health', () => {
  it('says of a node that it is silent, where its report is old and it does not answer', async () => {
    await using broker = await startMosquitto();
    await using listener = await openListener(broker.port);
    const retain = (node: string, payload: string) =>
      listener.say(`qn/1/${node}/health/agent`, payload, { qos: 1, retain: true });
    await retain('pi-1', old('online', 600_000));
    await retain('pi-2', old('offline', 600_000));
    await retain('pi-3', old('online', 60_000));
    const health = (...args: readonly string[]) =>
      runProgram('qnctl', ['health', '--url', broker.url, '--timeout', '1s', ...args]);
    const all = await health();
    expect([all.code, all.err]).toEqual([1, '']);
    expect(all.out).toMatch(/^pi-2 +offline.*\npi-1 +silent +does not answer, .* \(and 1 more\)\npi-3 +online.*\n$/);
    const one = await health('pi-1', '--json');
    expect([one.code, JSON.parse(one.out).val]).toMatchObject([1, { status: 'silent', boot: '1' }]);
    expect(await health('pi-3')).toMatchObject({ code: 0, err: '' });
  });

  it('knows nothing of the microcontrollers of a node that is offline', async () => {
    await using broker = await startMosquitto();
    await using listener = await openListener(broker.port);
    await listener.say('qn/1/pi-2/health/agent', old('offline', 0), { qos: 1, retain: true });
    for (const action of ['list', 'info', 'reset']) {
      const { code, out, err } = await runProgram('qnctl', ['mcu', action, 'pi-2', '--url', broker.url]);
      expect([code, out, err]).toEqual([69, '', expect.stringMatching(/^qnctl mcu: pi-2 is offline, .*\n$/)]);
    }
  });

  it('asks one after the other where the broker takes one message at a time', async () => {
    await using broker = await startMosquitto({ config: () => ['max_inflight_messages 1'] });
    await using listener = await openListener(broker.port);
    for (const node of ['pi-1', 'pi-2', 'pi-3'])
      await listener.say(`qn/1/${node}/health/agent`, old('online', 600_000), { qos: 1, retain: true });
    const { code, out, err } = await runProgram('qnctl', ['health', '--url', broker.url, '--timeout', '1s']);
    expect([code, out.match(/silent/g)?.length, err]).toEqual([1, 3, '']);
  });

  it('does not say so of one that answers, whatever the clocks say', async () => {
    await using rig = await startRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
    });
    await rig.listener.say('qn/1/pi-1/health/agent', old('online', 600_000), { qos: 1, retain: true });
    const { code, out } = await runProgram('qnctl', ['health', 'pi-1', '--url', rig.broker.url]);
    expect([code, out]).toEqual([0, expect.stringContaining('pi-1  online')]);
  });

  it('knows from a node how often it tells its health', async () => {
    await using rig = await startRig({ documents: [], sections: 'health: { interval: 90s }' });
    const { out } = await runProgram('qnctl', ['health', 'pi-1', '--json', '--url', rig.broker.url]);
    expect(JSON.parse(out).val).toMatchObject({ interval_s: 90 });
  });
});
