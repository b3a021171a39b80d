import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startMcuAgent } from '../../../support/mcu-agent.ts';
import { fieldOf } from '../../../support/plugged-agent.ts';
import { until } from '../../../support/until.ts';
import { on, openMcuRig, outputs } from './mcu-rig.ts';

const pulse = (forMs: number) => ({ do: 'channel-pulse', forMs, once: true }) as const;
const detail = 'its ttl ran out while it waited; it was not sent';
const expired = { ok: false, error: { reason: 'expired', isTooLate: true, detail } };
const done = { ok: true, value: undefined };

describe('a command for a channel whose ttl runs out while it waits for the link', () => {
  it.each([on, { do: 'channel-toggle', once: true } as const, pulse(100)])('is not sent: %o', async (effect) => {
    await using rig = await openMcuRig();
    const filling = await rig.fill();
    const late = rig.command('out5', effect, 20);
    const inTime = rig.command('out6', on, 1_000);
    await rig.pass(50);
    rig.line.resume();
    await rig.pass(300);
    expect(late).toEqual({ taken: false, result: expired });
    expect([...filling, inTime].map(({ result }) => result)).toEqual(Array(5).fill(done));
    expect([rig.levelsOf('out5'), rig.levelsOf('out6')]).toEqual([[], ['out6 on']]);
    const next = rig.command('out5', on); // Nothing of the one before is in its way, and nothing comes behind it.
    await rig.pass(2_000);
    expect([next, rig.levelsOf('out5')]).toEqual([{ taken: true, result: done }, ['out5 on']]);
  });

  it('is sent to its end once it went out, however long nobody acknowledges it', async () => {
    await using rig = await openMcuRig();
    rig.line.stall();
    const sent = rig.command('out5', on, 20);
    await rig.pass(300);
    expect(sent).toEqual({ taken: false, result: undefined });
    rig.line.resume();
    await rig.pass(300);
    expect([sent, rig.levelsOf('out5')]).toEqual([{ taken: true, result: done }, ['out5 on']]);
  });

  it('ends as expired also where the link is lost meanwhile; what had gone out, or still had time, fails', async () => {
    await using rig = await openMcuRig();
    const filling = await rig.fill(20);
    const late = rig.command('out5', pulse(100), 20);
    const inTime = rig.command('out6', on);
    await rig.pass(4_000);
    expect(late).toEqual({ taken: false, result: expired });
    for (const { result } of [...filling, inTime]) expect(result).toMatchObject({ error: { kind: 'timeout' } });
    rig.line.resume();
    await rig.pass(3_000);
    expect([rig.levelsOf('out5'), rig.levelsOf('out6')]).toEqual([[], []]);
  });

  it('is not sent where it waited for the end of a safe state', async () => {
    await using rig = await openMcuRig({ safe: { exit: 'hold', offline: { afterMs: 100, restore: false } } });
    rig.mcu.online?.(false);
    await rig.pass(200);
    expect(rig.board.mcu.safe).toBe('asked');
    rig.line.stall();
    const late = rig.command('out5', on, 100);
    await rig.pass(600);
    rig.line.resume();
    await rig.pass(300);
    expect([late, rig.levelsOf('out5')]).toEqual([{ taken: false, result: expired }, []]);
  });

  it('is not sent where the document was closed meanwhile', async () => {
    await using rig = await openMcuRig();
    await rig.fill();
    const waiting = rig.command('out5', pulse(100));
    await rig.pass(5);
    await rig.channel('out5')[Symbol.asyncDispose]();
    rig.line.resume();
    await rig.pass(1_000);
    expect(waiting).toMatchObject({ taken: false, result: { error: { kind: 'closed' } } });
    expect(rig.levelsOf('out5')).toEqual([]);
  });
});

describe('an off that is owed by a pulse', () => {
  /** out5 is on for 100 ms, its pulse gave way after 10, and the link takes nothing. */
  async function crowded(rig: Awaited<ReturnType<typeof openMcuRig>>) {
    const first = rig.command('out5', pulse(100));
    await rig.pass(10);
    await rig.fill();
    rig.channel('out5').makeWay?.(on);
    await rig.pass(1);
    expect(first.result).toMatchObject({ error: { superseded: true } });
  }

  it.each([
    ['before its time', 50],
    ['after its time', 200],
  ])('comes when the next pulse expires %s', async (_, stalledMs) => {
    await using rig = await openMcuRig();
    await crowded(rig);
    const late = rig.command('out5', pulse(5_000), 20);
    await rig.pass(stalledMs);
    rig.line.resume();
    await rig.pass(400);
    expect([late.result, rig.levelsOf('out5')]).toEqual([expired, ['out5 on', 'out5 off']]);
    const [begun, ended] = rig.wire.filter(({ what }) => what.startsWith('out5 '));
    expect((ended?.atMs ?? 0) - (begun?.atMs ?? 0)).toBeGreaterThanOrEqual(100);
  });

  it('does not cut the next pulse, which waited beyond that time', async () => {
    await using rig = await openMcuRig();
    await crowded(rig);
    const next = rig.command('out5', pulse(1_000), 5_000);
    await rig.pass(200);
    rig.line.resume();
    await rig.pass(900);
    expect(rig.levelsOf('out5')).toEqual(['out5 on']);
    await rig.pass(500);
    expect([next.result, rig.levelsOf('out5')]).toEqual([done, ['out5 on', 'out5 off']]);
  });

  it('expires never, and a command whose ttl runs out behind it is not sent', async () => {
    await using rig = await openMcuRig();
    await crowded(rig);
    await rig.pass(150);
    const late = rig.command('out5', on, 20); // The off waits for the window, and this one for its turn.
    await rig.pass(100);
    rig.line.resume();
    await rig.pass(400);
    expect([late, rig.levelsOf('out5')]).toEqual([{ taken: false, result: expired }, ['out5 on', 'out5 off']]);
  });

  it('nor does such a command end a safe state that was asked for meanwhile', async () => {
    await using rig = await openMcuRig({ safe: { exit: 'hold', offline: { afterMs: 100, restore: false } } });
    await crowded(rig);
    await rig.pass(95);
    const late = rig.command('out5', on, 20);
    rig.mcu.online?.(false);
    await rig.pass(150);
    rig.line.resume();
    await rig.pass(400);
    expect([late.result, rig.board.mcu.safe]).toEqual([expired, 'asked']);
  });
});

describe('whoever commanded', () => {
  it('hears only that it expired, and may send it again under the same id', async () => {
    await using rig = await startMcuAgent({ keys: ', watchdog: 10s', firmware: { channels: outputs } });
    const mcu = 'firmware.mcu0';
    await rig.said.next(({ topic, message }) => topic === `state/${mcu}` && fieldOf(message.val, 'link') === 'up');
    const document = `${mcu}.out5`;
    const statuses = () =>
      rig.said.all.flatMap(({ topic, message }) => (topic === `ack/${document}` ? message.st : []));
    const command = { t: 'notify', id: '7', src: 'ops', val: { 'on-for': '100ms' } };
    rig.line.stall();
    for (const { name } of outputs.slice(0, 4)) rig.notify(`${mcu}.${name}`, 'ON');
    rig.notify(document, JSON.stringify({ ...command, ttl: 300 }));
    await delay(350);
    expect(statuses()).toEqual([]);
    rig.line.resume();
    expect(await rig.hearAck(document, 'expired')).toMatchObject({ message: { why: 'expired' } });
    expect(statuses()).toEqual(['expired']);
    await until(() => rig.board.wire(4) === true, 'the others');
    expect(rig.board.wire(5)).toBe(false);
    rig.notify(document, JSON.stringify(command));
    await rig.hearAck(document, 'successful');
    expect(statuses()).toEqual(['expired', 'accepted', 'executing', 'successful']);
  });
});
