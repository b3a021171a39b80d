import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createSysfsPwm } from '../../../drivers/pwm-sysfs.ts';
import { openFolderBoard } from '../../../drivers/simulated/folder-board.ts';
import { openDocuments } from '../../support/document-rig.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const relay = (rest = '') => `relay: { driver: gpio-out, line: A${rest} }`;

/** A board in a folder whose lines come and go. */
function foldersOf(lines: readonly string[]) {
  const folder = mkdtempSync(path.join(tmpdir(), 'comeback-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const plug = (line: string) => mkdirSync(path.join(folder, line));
  for (const line of lines) plug(line);
  return {
    folder,
    plug,
    unplug: (line: string) => rmSync(path.join(folder, line), { recursive: true }),
    wire: (line: string) => readFileSync(path.join(folder, line, 'value'), 'utf8').trim(),
    drive: (line: string, level: number) => writeFileSync(path.join(folder, line, 'value'), `${level}\n`),
    isHeld: (line: string) => existsSync(path.join(folder, line, 'consumer')),
  };
}

async function openOn(
  folders: ReturnType<typeof foldersOf>,
  documents: readonly string[],
  clock = createFakeClock(),
  openLatencyMs?: number,
) {
  const weather = openLatencyMs === undefined ? {} : { openLatencyMs };
  const gpio = createSimulatedGpio(openFolderBoard(folders.folder), { clock, weather });
  return await openDocuments({ documents, gpio, clock });
}

describe('an output whose line is absent when the agent starts', () => {
  test('is opened as at the start once it is there, and told', async () => {
    const folders = foldersOf([]);
    await using rig = await openOn(folders, [relay(', safe: { boot: on }')]);
    expect(rig.board.document('relay')).toMatchObject({ ok: false, error: { kind: 'absent' } });
    await rig.clock.advance(20_000);
    expect(rig.report('relay')).toMatchObject({ state: 'failed', errorCount: 1 }); // Told once.
    folders.plug('A');
    await rig.clock.advance(5_000);
    expect([folders.wire('A'), rig.told]).toEqual(['1', ['relay true']]);
    expect(rig.report('relay')).toMatchObject({ state: 'working' });
    expect(await rig.command('relay', 'off')).toEqual({ ok: true });
  });

  test('is not looked for any more once all are there, and when the board is closed', async () => {
    const folders = foldersOf([]);
    const rig = await openOn(folders, [relay()]);
    expect(rig.clock.timersCount).toBe(1);
    folders.plug('A');
    await rig.clock.advance(5_000);
    expect(rig.clock.timersCount).toBe(0);
    await rig[Symbol.asyncDispose]();
    const other = await openOn(foldersOf([]), [relay()]);
    await other[Symbol.asyncDispose]();
    expect(other.clock.timersCount).toBe(0);
  });

  test('a stop in the middle of a try waits for it, and lets go of what was opened', async () => {
    const folders = foldersOf([]);
    const clock = createFakeClock();
    const opening = openOn(folders, [relay(', safe: { boot: on, exit: off }')], clock, 100);
    await clock.advance(100);
    const rig = await opening;
    folders.plug('A');
    await clock.advance(5_000);
    expect(clock.timersCount).toBe(1); // It is being opened.
    const stopped = rig[Symbol.asyncDispose]();
    await clock.advance(100);
    await stopped;
    expect([folders.wire('A'), folders.isHeld('A'), clock.timersCount]).toEqual(['0', false, 0]);
  });

  test('a config that leaves it out ends the search; another line is looked for', async () => {
    const folders = foldersOf([]);
    await using rig = await openOn(folders, [relay()]);
    await rig.exchange(['relay: { driver: gpio-out, line: B }']);
    folders.plug('A');
    await rig.clock.advance(5_000);
    expect(folders.isHeld('A')).toBe(false);
    folders.plug('B');
    await rig.clock.advance(5_000);
    expect(rig.report('relay')).toMatchObject({ state: 'working' });
    await rig.exchange(['lamp: { driver: gpio-out, line: B }']);
    expect(rig.clock.timersCount).toBe(0);
  });

  test('others of its interlock group keep the dead time once it has come', async () => {
    const folders = foldersOf(['B']);
    const rest = ', interlock: h, dead-time: 500ms';
    await using rig = await openOn(folders, [relay(rest), `other: { driver: gpio-out, line: B${rest} }`]);
    folders.plug('A');
    folders.drive('A', 1); // Who had it until now had it on.
    await rig.clock.advance(4_500); // The rig has waited for the first dead time.
    void rig.command('other', 'on');
    expect([folders.wire('A'), folders.wire('B')]).toEqual(['0', '0']);
    await rig.clock.advance(499);
    expect(folders.wire('B')).toBe('0');
    await rig.clock.advance(1);
    expect(folders.wire('B')).toBe('1');
  });
});

test('an output that another process holds is opened when that has ended', async () => {
  const folders = foldersOf(['A']);
  const holder = spawn('sleep', ['1000']);
  onTestFinished(() => void holder.kill('SIGKILL'));
  const { pid = 0 } = holder;
  const startTicks = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21];
  writeFileSync(path.join(folders.folder, 'A', 'consumer'), `other ${pid} ${startTicks}\n`);
  await using rig = await openOn(folders, [relay()]);
  expect(rig.board.document('relay')).toMatchObject({ ok: false, error: { kind: 'busy' } });
  await rig.clock.advance(5_000);
  expect(rig.report('relay')).toMatchObject({ state: 'failed', errorCount: 1 });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await rig.clock.advance(5_000);
  expect(rig.report('relay')).toMatchObject({ state: 'working' });
});

test('an input that is absent at the start is opened when it is there', async () => {
  const folders = foldersOf([]);
  await using rig = await openOn(folders, ['door: { driver: gpio-in, line: A, bias: pull-up }']);
  folders.plug('A');
  await rig.clock.advance(5_000);
  expect([rig.told, rig.report('door')?.state]).toEqual([['door true'], 'working']);
});

test('a power is opened when its chip is there, and again after that was gone', async () => {
  const { folder: root, unplug } = foldersOf([]);
  const plug = () => {
    const channel = path.join(root, 'pwmchip0', 'pwm0');
    mkdirSync(channel, { recursive: true });
    writeFileSync(path.join(root, 'pwmchip0', 'npwm'), '1\n');
    for (const name of ['period', 'duty_cycle', 'enable']) writeFileSync(path.join(channel, name), '0\n');
  };
  const pwm = createSysfsPwm({ root });
  const documents = [
    'fan: { driver: pwm-out, chip: pwmchip0, channel: 0, frequency: 1000, scale: 100, safe: { boot: 50 } }',
  ];
  await using rig = await openDocuments({ documents, pwm });
  plug();
  await rig.clock.advance(5_000);
  expect([rig.told, rig.report('fan')?.state]).toEqual([['fan 50'], 'working']);
  unplug('pwmchip0');
  expect(await rig.command('fan', 20)).toMatchObject({ ok: false, error: { kind: 'absent' } });
  await rig.clock.advance(5_000);
  expect(rig.report('fan')?.error).toMatch(/there is no PWM chip .*; it was on when it was lost$/);
  plug();
  await rig.clock.advance(5_000);
  expect([await rig.command('fan', 20), rig.told]).toEqual([{ ok: true }, ['fan 50', 'fan 50', 'fan 20']]);
});

describe('an output that is lost', () => {
  test('fails the command that finds out and all others at once, tells that it was on, and comes back off', async () => {
    const folders = foldersOf(['A']);
    await using rig = await openOn(folders, [relay()]);
    await rig.command('relay', 'on');
    folders.unplug('A');
    expect(await rig.command('relay', 'off')).toMatchObject({ ok: false, error: { kind: 'absent' } });
    expect(rig.board.document('relay')).toMatchObject({ ok: false, error: { kind: 'absent' } });
    await rig.clock.advance(20_000);
    expect(rig.report('relay')).toMatchObject({ state: 'failed', errorCount: 2 });
    expect(rig.report('relay')?.error).toMatch(/no line of this name.*; it was on when it was lost$/);
    folders.plug('A');
    await rig.clock.advance(5_000);
    expect([rig.told, rig.report('relay')?.state, rig.report('relay')?.error]).toEqual([
      ['relay false', 'relay true', 'relay false'],
      'working',
      undefined,
    ]);
    expect(rig.clock.timersCount).toBe(0);
  });

  test('again and again is left alone for a while, so that its relay does not click for ever', async () => {
    const folders = foldersOf(['A']);
    await using rig = await openOn(folders, [relay(', safe: { boot: on }')]);
    for (let lossesCount = 1; lossesCount <= 6; lossesCount += 1) {
      folders.unplug('A');
      await rig.command('relay', 'off');
      folders.plug('A');
      if (lossesCount <= 5) await rig.clock.advance(5_000);
    }
    expect(rig.told).toEqual(Array.from({ length: 6 }, () => 'relay true'));
    expect(rig.report('relay')?.error).toMatch(/; it goes away again and again, and is left alone for 5 minutes$/);
    await rig.clock.advance(295_000);
    expect([folders.isHeld('A'), rig.told.length]).toEqual([false, 6]);
    await rig.clock.advance(10_000);
    expect([folders.wire('A'), rig.told.length, rig.report('relay')?.state]).toEqual(['1', 7, 'working']);
  });

  test('in a pulse is off when it is back, though it would be held', async () => {
    const folders = foldersOf(['A']);
    await using rig = await openOn(folders, [relay(', safe: { boot: hold }')]);
    const pulse = rig.command('relay', { 'on-for': '1s' });
    folders.unplug('A');
    await rig.clock.advance(1_000);
    expect(await pulse).toMatchObject({ ok: false, error: { kind: 'absent' } });
    folders.plug('A');
    folders.drive('A', 1);
    await rig.clock.advance(5_000);
    expect([folders.wire('A'), rig.told.at(-1)]).toEqual(['0', 'relay false']);
  });

  test.for([
    ['on', 'interlocked'],
    ['off', 'free'],
  ] as const)(
    'while it was %s: another one of its group is %s, also over a change of the config',
    async ([value, reason]) => {
      const folders = foldersOf(['A', 'B']);
      const documents = [relay(', interlock: h'), 'other: { driver: gpio-out, line: B, interlock: h }'];
      await using rig = await openOn(folders, documents);
      await rig.command('relay', value);
      folders.unplug('A');
      await rig.command('relay', value === 'on' ? 'off' : 'on');
      await rig.clock.advance(200);
      await rig.exchange([...documents, 'lamp: { driver: gpio-out, line: L }']);
      const other = rig.command('other', 'on');
      await rig.clock.advance(200);
      expect(await other).toMatchObject(reason === 'free' ? { ok: true } : { ok: false, error: { reason } });
    },
  );

  test('has no more time on than was left when it is back, and held', async () => {
    const folders = foldersOf(['A']);
    await using rig = await openOn(folders, [relay(', max-on: 30s, safe: { boot: hold }')]);
    await rig.command('relay', 'on');
    folders.unplug('A');
    await rig.command('relay', 'on');
    await rig.clock.advance(20_000);
    folders.plug('A');
    folders.drive('A', 1);
    await rig.clock.advance(5_000);
    expect([folders.wire('A'), rig.report('relay')?.state]).toEqual(['1', 'working']);
    await rig.clock.advance(5_000);
    expect(folders.wire('A')).toBe('0');
  });
});
