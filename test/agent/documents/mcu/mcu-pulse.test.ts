import { describe, expect, it } from 'vitest';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';
import { until } from '../../../support/until.ts';

const out1 = 'firmware.mcu0.out1';

/** A microcontroller whose pins are written down as they change, with the time. */
async function started(keys = '') {
  const wire: { readonly at: number; readonly what: string }[] = [];
  const rig = await startMcuAgent({
    keys,
    firmware: {
      onWire: ({ name }, value) => wire.push({ at: performance.now(), what: `${name} ${value ? 'on' : 'off'}` }),
    },
  });
  await rig.said.next(({ topic, message }) => topic === 'state/firmware.mcu0' && fieldOf(message.val, 'link') === 'up');
  return Object.assign(rig, {
    wire,
    levels: () => wire.map(({ what }) => what),
    statuses: () => rig.said.all.flatMap(({ topic, message }) => (topic === `ack/${out1}` ? [message.st] : [])),
  });
}

describe('a pulse on a channel of a microcontroller', () => {
  it('is on for so long and then off, executing until then', async () => {
    await using rig = await started();
    rig.notify(out1, '{"on-for": "300ms"}');
    await until(() => rig.levels().includes('out1 on'), 'on');
    await rig.hear(`state/${out1}`, true);
    expect(rig.statuses()).toEqual(['accepted', 'executing']);
    await rig.hearAck(out1, 'successful');
    expect(rig.levels()).toEqual(['out1 on', 'out1 off']);
    expect((rig.wire[1]?.at ?? 0) - (rig.wire[0]?.at ?? 0)).toBeGreaterThanOrEqual(299);
    await rig.hear(`state/${out1}`, false);
  });

  it.each(['{"on-for": "5ms"}', '{"on-for": "25h"}'])('of %s is refused', async (value) => {
    await using rig = await started();
    rig.notify(out1, value);
    expect(await rig.hearAck(out1, 'rejected')).toMatchObject({ message: { why: 'out-of-range' } });
  });

  it('gives way to a later command, without going off in between', async () => {
    await using rig = await started();
    rig.notify(out1, '{"on-for": "1h"}');
    await until(() => rig.levels().length === 1, 'on');
    rig.notify(out1, 'ON');
    await rig.hearAck(out1, 'superseded');
    await rig.hearAck(out1, 'successful');
    expect(rig.levels()).toEqual(['out1 on']);
    expect(rig.board.wire(1)).toBe(true);
  });

  it('gives way also when the later command comes while the on is on its way', async () => {
    await using rig = await started();
    rig.notify(out1, '{"on-for": "1h"}');
    rig.notify(out1, 'OFF');
    await rig.hearAck(out1, 'superseded');
    await rig.hearAck(out1, 'successful');
    expect(rig.levels()).toEqual(['out1 on', 'out1 off']);
  });

  it('that is pushed aside by a command that comes to nothing ends all the same', async () => {
    await using rig = await started();
    rig.notify(out1, '{"on-for": "400ms"}');
    await rig.hear('state/firmware.mcu0.out1', true); // Not only on, but told: else the pulse itself fails.
    rig.line.stall(); // What comes next does not get through; the link notices after a second.
    rig.notify(out1, 'ON');
    await rig.hearAck(out1, 'superseded');
    await rig.hearAck(out1, 'failed');
    rig.line.resume();
    await until(() => rig.board.wire(1) === false, 'off');
  });

  it('is off in time also when the link broke in between and the microcontroller noticed nothing', async () => {
    await using rig = await started(', watchdog: 10s');
    rig.notify(out1, '{"on-for": "3s"}');
    await until(() => rig.levels().length === 1, 'on');
    rig.line.stall();
    rig.notify('firmware.mcu0.out2', 'ON'); // Nobody acknowledges it: so the link is down, long before a watchdog.
    expect(await rig.hearAck(out1, 'failed')).toMatchObject({ message: { why: 'driver-timeout' } });
    rig.line.resume();
    await rig.hear('event/firmware.mcu0', { link: 'up', firmware: '0.0.0' });
    expect(rig.board.wire(1)).toBe(true);
    await until(() => rig.board.wire(1) === false, 'off');
    expect(rig.levels().filter((what) => what.startsWith('out1'))).toEqual(['out1 on', 'out1 off']);
    expect((rig.wire.at(-1)?.at ?? 0) - (rig.wire[0]?.at ?? 0)).toBeGreaterThanOrEqual(2_999);
  });

  it('ends with the emergency stop at the machine, and nothing comes after', async () => {
    await using rig = await started();
    rig.notify(out1, '{"on-for": "600ms"}');
    await until(() => rig.levels().length === 1, 'on');
    rig.board.stop(true);
    await rig.hearAck(out1, 'superseded');
    expect(rig.levels()).toEqual(['out1 on', 'out1 off']);
    rig.board.stop(false);
    await rig.hearHealth('online');
    rig.notify(out1, 'ON');
    await rig.hearAck(out1, 'successful');
    await new Promise((resolve) => setTimeout(resolve, 700)); // Its end would have come by now.
    expect(rig.levels()).toEqual(['out1 on', 'out1 off', 'out1 on']);
  });

  it('is over when the agent stops in good order', async () => {
    const rig = await started(', safe: { exit: hold }');
    rig.notify(out1, '{"on-for": "1h"}');
    await until(() => rig.levels().length === 1, 'on');
    await rig[Symbol.asyncDispose]();
    expect(rig.levels()).toEqual(['out1 on', 'out1 off']);
    expect(rig.statuses()).toEqual(['accepted', 'executing', 'failed']);
  });
});
