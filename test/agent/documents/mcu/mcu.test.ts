import { describe, expect, it } from 'vitest';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';
import { until } from '../../../support/until.ts';

const mcu = 'firmware.mcu0';

function isLink(value: unknown, link: string): boolean {
  return fieldOf(value, 'link') === link;
}

async function started(options: Parameters<typeof startMcuAgent>[0] = {}) {
  const rig = await startMcuAgent(options);
  await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && isLink(message.val, 'up'));
  return rig;
}

describe('a microcontroller as documents', () => {
  it('its channels are there by themselves, each with its value, and the table of numbers has them', async () => {
    await using rig = await started({ keys: ', number: 100' });
    for (const name of ['out1', 'out4', 'in1', 'emergency-stop']) await rig.hear(`state/${mcu}.${name}`, false);
    await rig.hear(`state/${mcu}.volts`, 0);
    const message = rig.said.all.findLast(({ topic }) => topic === `state/${mcu}`)?.message;
    expect(message?.val).toMatchObject({
      link: 'up',
      firmware: '0.0.0',
      safe: 'none',
      channels: { out1: 'output bool', volts: 'input milli', 'emergency-stop': 'input bool' },
    });
    const channels = await rig.said.next(
      (item) => item.topic === 'state/channels' && fieldOf(item.message.val, '108') !== undefined,
    );
    expect(channels.message.val).toMatchObject({ 100: mcu, 101: `${mcu}.out1`, 108: `${mcu}.emergency-stop` });
  });

  it('a number that the config gives to a document is not taken by a channel, though that was there before', async () => {
    const documents = ['gpio.later: { driver: gpio-out, line: GPIO17, number: 103 }'];
    await using rig = await started({ keys: ', number: 100', documents });
    const channels = await rig.said.next(
      (item) => item.topic === 'state/channels' && fieldOf(item.message.val, '108') !== undefined,
    );
    expect(channels.message.val).toMatchObject({ 102: `${mcu}.out2`, 103: 'gpio.later', 104: `${mcu}.out4` });
  });

  it('a command goes through to the pin, and is successful when the value was told', async () => {
    await using rig = await started();
    rig.notify(`${mcu}.out2`, 'ON');
    await rig.hearAck(`${mcu}.out2`, 'successful');
    expect(rig.board.wire(2)).toBe(true);
    await rig.hear(`state/${mcu}.out2`, true);
    rig.notify(`${mcu}.out2`, 'toggle');
    await until(() => rig.board.wire(2) === false, 'off again');
    await rig.hear(`state/${mcu}.out2`, false);
  });

  it('whoever may not command it may not command its channels, but where the config says so of one', async () => {
    await using rig = await started({
      keys: ', control: [ops], priority: emergency, channels: { out2: { number: 9 }, out3: { control: [line-1] } }',
    });
    const say = async (channel: string, src: string, status: string) => {
      rig.notify(`${mcu}.${channel}`, JSON.stringify({ val: true, src }));
      return await rig.hearAck(`${mcu}.${channel}`, status);
    };
    for (const channel of ['out1', 'out2', 'out3'])
      expect(await say(channel, 'eve', 'rejected')).toMatchObject({ message: { why: 'not-permitted' } });
    expect(await say('out3', 'ops', 'rejected')).toMatchObject({ message: { why: 'not-permitted' } });
    await say('out1', 'ops', 'successful');
    await say('out2', 'ops', 'successful');
    await say('out3', 'line-1', 'successful');
    expect([1, 2, 3, 4].map((number) => rig.board.wire(number))).toEqual([true, true, true, false]);
    const rows = ['out1', 'out2', 'out3'].map((name) => rig.agent.changeable.board.row(`${mcu}.${name}`)?.isEmergency);
    expect(rows).toEqual([true, true, true]);
  });

  it.each([
    ['out1', 'perhaps', 'out-of-range'],
    ['in1', 'ON', 'unsupported'],
    ['no-such', 'ON', 'unknown-document'],
  ])('%s %s is refused: %s', async (channel, value, reason) => {
    await using rig = await started();
    rig.notify(`${mcu}.${channel}`, value);
    expect(await rig.hearAck(`${mcu}.${channel}`, 'rejected')).toMatchObject({ message: { why: reason } });
  });

  it('a command is accepted when the microcontroller has it, not before', async () => {
    await using rig = await started();
    const heard = () =>
      rig.said.all.filter(({ topic }) => topic === `ack/${mcu}.out1`).map(({ message }) => message.st);
    rig.line.stall();
    rig.notify(`${mcu}.out1`, 'ON');
    rig.notify('selftest', 'ON'); // Answered behind it, so that there was time.
    await rig.hearAck('selftest', 'rejected');
    expect(heard()).toEqual([]);
    rig.line.resume();
    await rig.hearAck(`${mcu}.out1`, 'successful');
    expect(heard()).toEqual(['accepted', 'executing', 'successful']);
  });

  it('a command that never arrives fails without having been accepted', async () => {
    await using rig = await started({ keys: ', watchdog: 200ms' });
    rig.line.stall();
    rig.notify(`${mcu}.out1`, 'ON');
    const { message } = await rig.hearAck(`${mcu}.out1`, 'failed');
    expect(message.why).toBe('driver-timeout');
    const heard = rig.said.all.filter(({ topic }) => topic === `ack/${mcu}.out1`).map(({ message: { st } }) => st);
    expect(heard).toEqual(['failed']);
    rig.line.resume();
  });

  it('an input tells its changes as state and as event, stamped with the time of the microcontroller', async () => {
    await using rig = await started();
    await rig.hear(`state/${mcu}.in1`, false);
    rig.board.setInput(5, true);
    await rig.hear(`state/${mcu}.in1`, true);
    await rig.hear(`event/${mcu}.in1`, true);
    rig.board.setInput(7, 2.5);
    await rig.hear(`state/${mcu}.volts`, 2.5);
  });

  it('the emergency stop at the machine is told, holds, and ends there', async () => {
    await using rig = await started();
    rig.notify(`${mcu}.out1`, 'ON');
    await rig.hearAck(`${mcu}.out1`, 'successful');
    rig.board.stop(true);
    expect(rig.board.wire(1)).toBe(false);
    await rig.hear(`state/${mcu}.out1`, false);
    await rig.hear(`state/${mcu}.emergency-stop`, true);
    await rig.hearHealth('safe');
    rig.notify(`${mcu}.out1`, 'ON');
    expect(await rig.hearAck(`${mcu}.out1`, 'failed')).toMatchObject({ message: { why: 'interlocked' } });
    rig.board.stop(false);
    await rig.hearHealth('online');
    rig.notify(`${mcu}.out1`, 'ON');
    await until(() => rig.board.wire(1) === true, 'on again');
  });

  it('out of reach: commands fail at once, outputs are shown as the safe state they go to, health says why', async () => {
    await using rig = await started({ keys: ', watchdog: 200ms' });
    rig.notify(`${mcu}.out1`, 'ON');
    await rig.hearAck(`${mcu}.out1`, 'successful');
    rig.unplug();
    await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && isLink(message.val, 'down'));
    await rig.hearHealth('degraded');
    rig.notify(`${mcu}.out1`, 'ON');
    expect(await rig.hearAck(`${mcu}.out1`, 'failed')).toMatchObject({ message: { why: 'driver-closed' } });
    await rig.hear(`state/${mcu}.out1`, false);
    rig.plug();
    await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && isLink(message.val, 'up'));
    await rig.hearHealth('online');
    rig.notify(`${mcu}.out1`, 'ON');
    await until(() => rig.board.wire(1) === true, 'on again');
  });

  it('one that hangs is told as not answering', async () => {
    await using rig = await started({ keys: ', watchdog: 200ms' });
    rig.board.mcu.hang();
    await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && isLink(message.val, 'down'));
    rig.notify(`${mcu}.out1`, 'ON');
    expect(await rig.hearAck(`${mcu}.out1`, 'failed')).toMatchObject({ message: { why: 'driver-timeout' } });
    rig.board.mcu.reset();
    await rig.said.next(({ topic, message }) => topic === `event/${mcu}` && isLink(message.val, 'up'));
  });

  it('one that is away at the start comes later', async () => {
    await using rig = await startMcuAgent({ isAway: true, keys: ', channels: { out1: { priority: emergency } }' });
    await rig.hearHealth('degraded');
    rig.notify(`${mcu}.out1`, 'ON');
    expect(await rig.hearAck(`${mcu}.out1`, 'failed')).toMatchObject({ message: { why: 'driver-closed' } });
    rig.notify(`${mcu}.out2`, 'ON');
    expect(await rig.hearAck(`${mcu}.out2`, 'rejected')).toMatchObject({ message: { why: 'unknown-document' } });
    rig.plug();
    await rig.hearHealth('online');
    rig.notify(`${mcu}.out2`, 'ON');
    await rig.hearAck(`${mcu}.out2`, 'successful');
  });

  it('another firmware brings other channels; what is gone is no document any more', async () => {
    await using rig = await started();
    await rig.hear(`state/${mcu}.out1`, false); // Told once: only then is there something to take back.
    rig.unplug();
    await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && isLink(message.val, 'down'));
    rig.plug({ channels: [{ number: 1, role: 'output', valueType: 'u32', name: 'speed' }], firmwareVersion: '2.0.0' });
    await rig.hear(`state/${mcu}.speed`, 0);
    await rig.said.next(({ topic, message }) => topic === `state/${mcu}.out1` && message.val === undefined);
    rig.notify(`${mcu}.speed`, '1500');
    await rig.hearAck(`${mcu}.speed`, 'successful');
    expect(rig.board.wire(1)).toBe(1_500);
    rig.notify(`${mcu}.out1`, 'ON');
    expect(await rig.hearAck(`${mcu}.out1`, 'rejected')).toMatchObject({ message: { why: 'unknown-document' } });
    expect(rig.agent.table.found.all().map(({ name }) => name)).toEqual([`${mcu}.speed`]);
  });

  it('firmware of another link version is refused and said, and its outputs stay safe', async () => {
    await using rig = await startMcuAgent({ firmware: { abi: 0x0200 } });
    await rig.hearHealth('degraded');
    const row = rig.agent.sources.drivers().find(({ document }) => document === mcu);
    expect(row?.error).toContain('link version 2.0');
    expect(rig.board.mcu.safe).toBe('start');
  });

  it('what the firmware logs is an event, and a flood of it is counted', async () => {
    await using rig = await started();
    rig.board.mcu.log(2, 'no sensor');
    await rig.hear(`event/${mcu}`, { log: { level: 'warning', text: 'no sensor' } });
    for (let count = 0; count < 200; count += 1) rig.board.mcu.log(1, 'again');
    const dropped = () =>
      fieldOf(rig.agent.sources.drivers().find(({ document }) => document === mcu)?.about, 'logs_dropped');
    await until(() => Number(dropped()) > 20, 'dropped lines');
  });

  it('without a broker for so long its outputs go safe; the next command lifts that', async () => {
    await using rig = await started({ keys: ', safe: { offline: { after: 1s } }' });
    rig.notify(`${mcu}.out1`, 'ON');
    await rig.hearAck(`${mcu}.out1`, 'successful');
    rig.cut();
    await until(() => rig.board.wire(1) === false, 'safe');
    rig.mend();
    await rig.hearHealth('safe');
    rig.notify(`${mcu}.out3`, 'ON');
    await until(() => rig.board.wire(3) === true, 'on again');
    await rig.hearHealth('online');
    expect(rig.board.wire(1)).toBe(false);
  });

  it('when the agent stops in good order the outputs are safe before its port is closed', async () => {
    const rig = await started();
    rig.notify(`${mcu}.out1`, 'ON');
    await rig.hearAck(`${mcu}.out1`, 'successful');
    await rig[Symbol.asyncDispose]();
    expect([rig.board.wire(1), rig.board.mcu.safe]).toEqual([false, 'asked']);
    await rig.hear(`state/${mcu}.out1`, false);
  });

  it('its health row has the counters of the link, and where its clock is', async () => {
    await using rig = await started();
    const about = () => rig.agent.sources.drivers().find(({ document }) => document === mcu)?.about;
    await until(() => fieldOf(about(), 'clock_error_ms') !== undefined, 'a measured clock');
    expect(about()).toMatchObject({
      link: 'up',
      channels: 8,
      sessions: 1,
      discarded: { frames: 0, bytes: 0 },
      malformed: 0,
    });
    expect(Math.abs(Number(fieldOf(about(), 'clock_offset_ms')))).toBeLessThanOrEqual(
      Number(fieldOf(about(), 'clock_error_ms')) + 1,
    );
    expect(rig.agent.selfTest.tests.find(({ id }) => id === `driver.${mcu}`)).toMatchObject({ status: 'pass' });
  });
});
