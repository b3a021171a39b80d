import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { type LeakPool, type LeakSubjects, leakTest } from '../../../../agent/health/tests/memory.ts';
import { codecRoundTrip } from '../../../../agent/health/tests/round-trip.ts';
import { poolProfiles } from '../../../../agent/limits.ts';
import { createPool } from '../../../../agent/pool/pool.ts';
import { runTest } from '../../../support/run-test.ts';

function openPool(planted: Partial<LeakPool> = {}): LeakPool {
  const pool = createPool(poolProfiles.tiny);
  pool.seal();
  return { ...pool, ...planted };
}

const run = (planted: Partial<LeakSubjects> = {}) =>
  runTest(leakTest({ pool: openPool(), roundTrip: codecRoundTrip, messagesCount: 2_000, ...planted }));

function collected(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

describe('the leak scan', () => {
  it('passes over the real codecs and the real pool, the heap included', async () => {
    const row = await run({ messagesCount: 10_000, heapBytes: collected });
    expect(row).toMatchObject({
      status: 'pass',
      detail: expect.stringContaining('10000 messages, pool +0 slots, heap'),
    });
  });

  it('finds a slot that does not come back', async () => {
    const real = createPool(poolProfiles.tiny);
    real.seal();
    let count = 0;
    const release: LeakPool['release'] = (slot) => ((count += 1) === 1_500 ? undefined : real.release(slot));
    expect(await run({ pool: { ...real, release } })).toMatchObject({
      status: 'fail',
      detail: '1 slots of the pool did not come back',
    });
  });

  it('finds damaged bookkeeping', async () => {
    const pool = openPool({ check: () => ['small slot 3: canary behind'] });
    expect(await run({ pool })).toMatchObject({ status: 'fail', detail: 'small slot 3: canary behind' });
  });

  it('finds a message that comes out as another one', async () => {
    const roundTrip: LeakSubjects['roundTrip'] = (index, lend) => codecRoundTrip(index, lend) && index !== 1_234;
    expect(await run({ roundTrip })).toMatchObject({ status: 'fail', detail: expect.stringContaining('1 of 2000') });
  });

  it('finds a pool that has no slot to lend', async () => {
    const pool = openPool({ acquire: () => undefined });
    expect(await run({ pool })).toMatchObject({ status: 'fail', detail: expect.stringContaining('2000 of 2000') });
  });

  it('finds a heap that grows with the messages', async () => {
    const kept: Uint8Array[] = [];
    const roundTrip: LeakSubjects['roundTrip'] = (index, lend) =>
      codecRoundTrip(index, (bytes) => {
        kept.push(Uint8Array.from({ length: 300 }, () => index));
        return lend(bytes);
      });
    let grown = 0;
    const heapBytes = () => collected() + (grown += kept.length * 300);
    expect(await run({ roundTrip, heapBytes })).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('heap grows by'),
    });
  });
});
