import type { NativeGpio } from '../../../drivers/native/addon.ts';

/** A hundred kinds of wrong: types, edges of ranges, texts that are too long, objects that fight back. */
function hostileValues(native: NativeGpio): readonly unknown[] {
  const thrower = () => {
    throw new RangeError('a getter that throws');
  };
  const line = { offsets: [0], flags: 8, values: 1n, debounceUs: 0, eventsCountMax: 16, consumer: 'fuzz' };
  const offsets = [
    [],
    [-1],
    ['0'],
    [1.5],
    Array.from({ length: 64 }, () => 2 ** 32 - 1),
    Array.from({ length: 65 }),
    Object.assign([], { length: 2 ** 31 }),
  ];
  return [
    ...[undefined, null, true, Symbol('fuzz'), () => undefined, thrower, {}, [], Object.create(null)],
    ...[0, -0, -1, 1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53, 1e308],
    ...[0n, 1n, -1n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 4_096n],
    ...[
      '',
      '/',
      '/dev/null',
      '/dev/zero',
      '/nowhere',
      '.',
      'a\0b',
      '\0',
      '\ud800',
      '@',
      '@x',
      `@${'x'.repeat(254)}`,
      `/${'x'.repeat(254)}`,
      'ä'.repeat(2_000),
    ],
    ...['x'.repeat(31), 'x'.repeat(32), 'x'.repeat(255), 'x'.repeat(256), 'x'.repeat(4_096), 'x'.repeat(1e6)],
    ...[new Uint8Array(8), new ArrayBuffer(8), new Proxy({}, { get: thrower }), new Proxy([], { get: thrower })],
    ...[line, { ...line, consumer: 'x'.repeat(32) }, { ...line, flags: -1 }, { ...line, values: 2n ** 65n }],
    ...offsets.map((wrong) => ({ ...line, offsets: wrong })),
    {
      ...line,
      get offsets() {
        return thrower();
      },
    },
    ...[native, native.open, new Error('fuzz'), new Date(0), new WeakMap(), Promise.resolve()],
  ];
}

export interface FuzzCounts {
  readonly callsCount: number;
  readonly refusedCount: number;
  readonly failedCount: number;
  readonly succeededCount: number;
}

/** Calls every function with every pair of hostile values, and some with three. Throws what is no TypeError of ours. */
export function fuzzNative(native: NativeGpio): FuzzCounts {
  const values = hostileValues(native);
  const counts = { callsCount: 0, refusedCount: 0, failedCount: 0, succeededCount: 0 };
  const call = (name: keyof NativeGpio, operands: readonly unknown[]) => {
    counts.callsCount += 1;
    try {
      const result = Reflect.apply(native[name] as (...operands: unknown[]) => unknown, undefined, operands);
      if (typeof result !== 'object' || result === null) throw new Error(`${name} gave ${typeof result}`);
      if ('ok' in result && result.ok === false) counts.failedCount += 1;
      else counts.succeededCount += 1;
    } catch (error) {
      const isExpected = error instanceof TypeError || (error instanceof RangeError && /getter/.test(error.message));
      if (!isExpected) throw error;
      counts.refusedCount += 1;
    }
  };
  for (const name of Object.keys(native) as (keyof NativeGpio)[]) {
    call(name, []);
    for (const first of values) {
      call(name, [first]);
      for (const second of values) call(name, [first, second]);
      for (const third of [0n, {}, undefined]) call(name, [first, 1n, third]);
    }
  }
  return counts;
}
