import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { pieceBytesMax } from '../../../agent/firmware/limits.ts';
import { openStaging } from '../../../agent/firmware/staging.ts';
import { FirmwareUpdater } from '../../../agent/firmware/updater.ts';
import { silentLog } from '../../../agent/log.ts';
import type { Value } from '../../../agent/qn/message.ts';
import { fail, ok } from '../../../drivers/contract/result.ts';
import { avrParts } from '../../../firmware-bridge/stk500/parts.ts';
import { createOptibootModel, type OptibootModel } from '../../support/optiboot-model.ts';
import { createOptibootPort } from '../../support/optiboot-port.ts';
import { seededRandom } from '../../support/seeded-random.ts';
import { until } from '../../support/until.ts';

const part = avrParts.atmega328p;
const program = (length: number, factor: number) => Uint8Array.from({ length }, (_, at) => (at * factor) & 0xff);
const [oldProgram, newProgram] = [program(1_500, 7), program(1_300, 5)];
const order = (image: Uint8Array) => ({
  sha256: createHash('sha256').update(image).digest('hex'),
  sizeBytes: image.length,
});
const update = { over: 'stk500', part: 'atmega328p', framing: 'console', health: 'link' } as const;

describe('the updates of an AVR', () => {
  let folder: string;
  let model: OptibootModel;
  let happened: Value[];
  let states: Value[];
  /** At this request of the conversation the cable is pulled, once. */
  let pullAt: number;
  let isPlugged: boolean;
  let greets: boolean;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qn-updater-'));
    model = createOptibootModel(part, oldProgram);
    [happened, states] = [[], []];
    [pullAt, isPlugged, greets] = [Number.POSITIVE_INFINITY, true, true];
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const runs = (image: Uint8Array) => Buffer.compare(model.flash.subarray(0, image.length), image) === 0;

  async function open(more: { readonly hardware?: string; readonly onRequest?: () => void } = {}) {
    const access = {
      async lend() {
        if (!isPlugged)
          return fail({ kind: 'closed', operation: 'lend', resource: 'tty', detail: 'it is away' } as const);
        const { port, lose } = createOptibootPort(model, (count) => {
          more.onRequest?.();
          if (count !== pullAt) return;
          pullAt = Number.POSITIVE_INFINITY;
          lose();
        });
        return ok({ port, giveBack() {} });
      },
      async reset() {
        model.take({ do: 'reset' });
        return ok();
      },
      async awaitUp() {
        return greets && !model.isInBootloader ? (runs(newProgram) ? '2.0.0' : '1.0.0') : undefined;
      },
    };
    const hardware = more.hardware === undefined ? {} : { hardware: more.hardware };
    let updater: FirmwareUpdater | undefined;
    updater = await FirmwareUpdater.open({
      clock: systemClock,
      log: silentLog,
      staging: openStaging(folder),
      access,
      update: { ...update, ...hardware },
      ca: undefined,
      pieceBytesMax,
      changed: () => states.push(updater?.value ?? null),
      happened: (value) => happened.push(value),
    });
    return updater;
  }

  async function send(updater: FirmwareUpdater, image: Uint8Array, pieceBytes = 500) {
    for (let offset = 0; offset < image.length; offset += pieceBytes) {
      const data = image.subarray(offset, offset + pieceBytes);
      expect(await updater.piece({ kind: 'piece', ...order(image), offset, data })).toEqual({ ok: true });
    }
  }

  const write = (updater: FirmwareUpdater, more: { version?: string; hardware?: string } = {}, firmware?: string) =>
    updater.write({ kind: 'write', ...order(newProgram), ...more }, firmware);

  it('take the pieces, write them, and tell that it runs', async () => {
    await using updater = await open();
    await send(updater, newProgram);
    expect(updater.value).toMatchObject({ phase: 'receiving', staged: 1_300, size: 1_300 });
    expect(await write(updater, { version: '2.0' })).toEqual({ ok: true });
    expect(runs(newProgram)).toBe(true);
    expect(updater.value).toMatchObject({ phase: 'idle', written: order(newProgram).sha256 });
    expect(happened.at(-1)).toEqual({ update: { phase: 'done', sha256: order(newProgram).sha256, version: '2.0' } });
    expect(happened[0]).toMatchObject({ update: { phase: 'write', total: 1_300 } });
  });

  it('do nothing for what runs already, but do it when something else runs by now', async () => {
    await using updater = await open();
    await send(updater, newProgram);
    await write(updater);
    const { writes } = model;
    expect(await write(updater, {}, '2.0.0')).toEqual({ ok: true });
    expect(model.writes).toBe(writes);
    expect(await write(updater, {}, '1.0.0')).toEqual({ ok: true });
    expect(model.writes).toBeGreaterThan(writes);
  });

  it('come to an end by themselves when the cable is pulled in the middle', async () => {
    await using updater = await open();
    await send(updater, newProgram);
    pullAt = 20;
    expect(await write(updater)).toEqual({ ok: true });
    expect(runs(newProgram)).toBe(true);
    const phases = states.map((state) => (state as { phase: string }).phase);
    expect(phases).toContain('waiting');
  });

  it('are finished by the next life of the agent, wherever the one before ended', async () => {
    const random = seededRandom(3);
    for (let count = 0; count < 5; count += 1) {
      model = createOptibootModel(part, oldProgram);
      await rm(path.join(folder, 'state.json'), { force: true });
      const dieAt = 5 + Math.trunc(random() * 40);
      let requests = 0;
      let die = () => {};
      const first = await open({ onRequest: () => ((requests += 1) === dieAt ? die() : undefined) });
      die = () => void first[Symbol.asyncDispose]();
      await send(first, newProgram);
      const told = await write(first);
      if (told.ok) continue; // It was faster.
      expect(told.error.reason).toBe('interrupted');
      expect(runs(oldProgram) || model.flash[1] === 0xcf || runs(newProgram)).toBe(true);
      const marker = await openStaging(folder).marker();
      await using second = await open();
      // Not touched yet: nothing is done without a command, and nothing needs to be.
      if (marker === undefined) expect(runs(oldProgram)).toBe(true);
      else await until(() => second.value['written'] === order(newProgram).sha256, 'finished');
      if (marker !== undefined) expect(runs(newProgram)).toBe(true);
    }
  });

  it('a second order for the same image gets the end of the first, another image has to wait', async () => {
    await using updater = await open();
    await send(updater, newProgram);
    await send(updater, oldProgram);
    const both = [write(updater), write(updater)];
    const other = await updater.write({ kind: 'write', ...order(oldProgram) }, undefined);
    expect(other).toMatchObject({ ok: false, error: { reason: 'busy' } });
    expect(await Promise.all(both)).toEqual([{ ok: true }, { ok: true }]);
  });

  it('give up an old program that was not touched, and say that it runs', async () => {
    await using updater = await open();
    await send(updater, newProgram);
    isPlugged = false;
    const told = await write(updater);
    expect(told).toMatchObject({
      ok: false,
      error: { reason: 'driver-closed', detail: expect.stringContaining('it runs the program it has') },
    });
    expect(runs(oldProgram)).toBe(true);
    expect(await openStaging(folder).marker()).toBeUndefined();
  });

  it('of a program that does not greet fail, and are not done again by themselves', async () => {
    await using updater = await open();
    await send(updater, newProgram);
    greets = false;
    const told = await write(updater);
    expect(told).toMatchObject({ ok: false, error: { reason: 'self-test-failed' } });
    expect(updater.value).toMatchObject({ phase: 'given-up' });
    expect(updater.value['broken']).toBeUndefined();
  });

  it.each([
    ['for other hardware', 'uno-r3', { hardware: 'nano' }, 'the image is for nano, and this is uno-r3'],
    [
      'for no hardware where the config names one',
      'uno-r3',
      {},
      'the image is for no named hardware, and this is uno-r3',
    ],
  ])('%s touch nothing', async (_, hardware, more, detail) => {
    await using updater = await open({ hardware });
    await send(updater, newProgram);
    const told = await write(updater, more);
    expect(told).toMatchObject({
      ok: false,
      error: { reason: 'incompatible', detail: expect.stringContaining(detail) },
    });
    expect([model.writes, runs(oldProgram)]).toEqual([0, true]);
  });

  it('of an image that never came say so', async () => {
    await using updater = await open();
    expect(await write(updater)).toMatchObject({ ok: false, error: { reason: 'malformed' } });
  });
});
