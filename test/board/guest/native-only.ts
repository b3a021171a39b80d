import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import {
  loadNativeGpio,
  type NativeChip,
  type NativeGpio,
  type NativeLines,
  type NativeRequest,
} from '../../../drivers/native/addon.ts';
import { addonFile } from '../../../drivers/native/addon-file.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';
import type { SimulatedChip } from './sim.ts';

const consumer = 'qn-agent';

/** The native file below the backend: what documents of later versions need, and the safety nets. */
export function nativeOnly(chip: SimulatedChip): void {
  describe('the native file on a real kernel', () => {
    const request = { flags: 8, values: 0n, debounceUs: 0, eventsCountMax: 0, consumer };
    const hold = (offsets: readonly number[], more: Partial<NativeRequest> = {}): Held => {
      const native = valueOf(loadNativeGpio());
      const handle = openChip(native, chip.label);
      const requested = native.request(handle, { ...request, ...more, offsets });
      if (!requested.ok) throw new Error(`${requested.code}: ${requested.call}`);
      const lines = requested.value;
      return { native, lines, [Symbol.dispose]: () => [lines, handle].map((open) => native.close(open)) };
    };

    test('several lines are set and read by mask', () => {
      using held = hold([8, 9, 10], { values: 0b101n });
      const { native, lines } = held;
      const levels = () => [8, 9, 10].map((offset) => chip.level(offset));
      expect(levels()).toEqual([1, 0, 1]);
      expect(native.set(lines, 0b010n, 0b011n)).toEqual({ ok: true });
      expect(levels()).toEqual([0, 1, 1]);
      expect(native.get(lines, 0b110n)).toEqual({ ok: true, value: 0b110n });
      expect(native.get(lines, 0b001n)).toEqual({ ok: true, value: 0n });
      held[Symbol.dispose]();
      expect(native.set(lines, 1n, 1n)).toMatchObject({ ok: false, code: 'EBADF' });
      expect(native.close(lines)).toEqual({ ok: true });
      expect(native.counts()).toEqual({ open: 0, finalized: 0 });
    });

    test('lines held as they are become outputs in the same request, and inputs again', () => {
      for (const [offset, level] of [0, 1, 1].entries()) chip.pull(12 + offset, level === 1 ? 1 : 0);
      chip.forgetChanges();
      using held = hold([12, 13, 14], { flags: 0 });
      const { native, lines } = held;
      expect(native.get(lines, 0b111n)).toEqual({ ok: true, value: 0b110n });
      expect(native.configure(lines, 8, 0b110n)).toEqual({ ok: true });
      expect([12, 13, 14].map((offset) => chip.changes(offset, chip.level(offset)))).toEqual([[], [], []]);
      expect(native.set(lines, 0b001n, 0b111n)).toEqual({ ok: true });
      expect([12, 13, 14].map((offset) => chip.level(offset))).toEqual([1, 0, 0]);
      expect(native.configure(lines, 4, 0n)).toEqual({ ok: true });
      expect(native.set(lines, 0n, 1n)).toMatchObject({ ok: false, code: 'EPERM' });
      expect(native.configure(lines, 4 | 8, 0n)).toMatchObject({ ok: false, code: 'EINVAL' });
      held[Symbol.dispose]();
      expect(native.configure(lines, 8, 0n)).toMatchObject({ ok: false, code: 'EBADF' });
    });

    test('a debounced line tells only what stays', async () => {
      chip.pull(8, 0);
      using held = hold([8], { flags: 4 | 16 | 32, debounceUs: 100_000 });
      const { native, lines } = held;
      const levels: number[] = [];
      native.watch(lines, (edges) => {
        if (edges.ok) levels.push(...edges.value.map(({ level }) => level));
      });
      for (const level of [1, 0, 1, 0, 1] as const) chip.pull(8, level);
      await until(() => levels.length > 0, 'the edge that stays');
      expect(levels).toEqual([1]);
    });

    test('a second watch of the same lines fails, the first goes on', () => {
      using held = hold([8], { flags: 4 | 16 });
      const { native, lines } = held;
      expect(native.watch(lines, () => undefined)).toEqual({ ok: true });
      expect(native.watch(lines, () => undefined)).toMatchObject({ ok: false, code: 'EALREADY' });
    });

    test('the garbage collector closes what was forgotten, and counts it', async () => {
      const native = valueOf(loadNativeGpio());
      forget(() => openChip(native, chip.label));
      await until(() => {
        globalThis.gc?.();
        return native.counts().open === 0;
      }, 'the collector');
      expect(native.counts()).toEqual({ open: 0, finalized: 1 });
    });

    test('lines held by a worker are free when it is terminated in the middle of watching', async () => {
      const script = `
        const { parentPort } = require('node:worker_threads');
        const addon = { exports: {} };
        process.dlopen(addon, ${JSON.stringify(addonFile('gpiochip.node'))});
        const chips = require('node:fs').readdirSync('/dev').filter((name) => name.startsWith('gpiochip'));
        const native = addon.exports;
        const chip = chips.map((name) => native.open('/dev/' + name).value).find((one) => native.info(one).value.label === '${chip.label}');
        const lines = native.request(chip, { offsets: [11], flags: 4 | 16 | 32, values: 0n, debounceUs: 0, eventsCountMax: 0, consumer: 'worker' });
        native.watch(lines.value, () => {});
        parentPort.postMessage(lines.ok);
        setInterval(() => {}, 1_000);`;
      const worker = new Worker(script, { eval: true });
      expect(await new Promise((resolve) => worker.once('message', resolve))).toBe(true);
      await using backend = valueOf(await openGpioChip());
      const busy = await backend.openOutput({ line: 'GPIO11', initial: 0, consumer });
      expect(busy).toMatchObject({ ok: false, error: { kind: 'busy', detail: 'held by worker' } });
      chip.pull(11, 1);
      await worker.terminate();
      await using _output = valueOf(await backend.openOutput({ line: 'GPIO11', initial: 0, consumer }));
    });
  });
}

interface Held extends Disposable {
  readonly native: NativeGpio;
  readonly lines: NativeLines;
}

function openChip(native: NativeGpio, label: string): NativeChip {
  for (let number = 0; number < 16; number += 1) {
    const opened = native.open(`/dev/gpiochip${number}`);
    if (!opened.ok) continue;
    const info = native.info(opened.value);
    if (info.ok && info.value.label === label) return opened.value;
    native.close(opened.value);
  }
  throw new Error(`no chip is labelled ${label}`);
}

/** In a function of its own, so that no variable keeps what it makes. */
function forget(make: () => object): void {
  make();
}
