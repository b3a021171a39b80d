import { nextTurn } from '../../clock.ts';
import type { PoolStats } from '../../pool/pool.ts';
import type { Slot } from '../../pool/slot.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { failed, pass } from './outcome.ts';

/** A message to bytes and back; false when something else came out. */
export type RoundTrip = (index: number, lend: (bytes: Uint8Array) => Uint8Array) => boolean;

export interface LeakSubjects {
  /** A pool of its own, so that the messages of a running agent are left alone. */
  readonly pool: LeakPool;
  readonly roundTrip: RoundTrip;
  /** Bytes in use on the heap after a collection; absent: not measured, because somebody else works on it. */
  readonly heapBytes?: () => number;
  readonly messagesCount: number;
}

export interface LeakPool {
  acquire(holder: 'executing', byteLength: number): Slot | undefined;
  release(slot: Slot): void;
  check(): readonly string[];
  stats(): PoolStats;
}

/** So many messages, then the event loop gets its share. */
const burstCount = 25;
/** Less than a message in a hundred that stays. */
const heapGrowthBytesMax = 16 * 1_024;
/** Compiled code comes late and stays: a leak grows in every round, that only in some. */
const heapRoundsMax = 6;
const fix = 'report this as a bug of the agent, with this line';

/** Sends messages through the codecs and the pool, and looks whether anything stays behind. */
export function leakTest(subjects: LeakSubjects): AtomicTest {
  const { messagesCount } = subjects;
  return {
    id: 'pool.leak',
    title: `${messagesCount} messages through the pool leave nothing behind`,
    deadlineMs: 15_000,
    async run(signal) {
      let wrong = await sendAll(subjects, messagesCount, signal);
      let grownBytes = Number.POSITIVE_INFINITY;
      for (let round = 0; round < heapRoundsMax && grownBytes > heapGrowthBytesMax; round += 1) {
        const before = subjects.heapBytes?.();
        if (before === undefined) break;
        wrong += await sendAll(subjects, messagesCount, signal);
        grownBytes = Math.min(grownBytes, (subjects.heapBytes?.() ?? 0) - before);
      }
      return judge(subjects, wrong, grownBytes);
    },
  };
}

function judge({ pool, messagesCount, heapBytes }: LeakSubjects, wrong: number, grownBytes: number): TestResult {
  const heldCount = usedCount(pool.stats());
  const [damage] = pool.check();
  if (heldCount > 0) return failed(`${heldCount} slots of the pool did not come back`, fix);
  if (damage !== undefined) return failed(damage, fix);
  if (wrong > 0) return failed(`${wrong} of ${messagesCount} messages came out wrong or found no slot`, fix);
  if (heapBytes !== undefined && grownBytes > heapGrowthBytesMax) {
    return failed(`the heap grows by ${grownBytes} bytes with ${messagesCount} messages, each time`, fix);
  }
  const heap = heapBytes === undefined ? 'heap not measured beside other work' : `heap ${signed(grownBytes)} bytes`;
  return pass(`${messagesCount} messages, pool +0 slots, ${heap}`);
}

/** How many went wrong. */
async function sendAll({ pool, roundTrip }: LeakSubjects, count: number, signal: AbortSignal): Promise<number> {
  let wrong = 0;
  for (let index = 0; index < count && !signal.aborted; index += 1) {
    if (index % burstCount === 0) await nextTurn();
    let slot: Slot | undefined;
    const isRight = roundTrip(index, (bytes) => {
      slot = pool.acquire('executing', bytes.byteLength);
      if (slot === undefined) return new Uint8Array();
      slot.payload.set(bytes);
      slot.setLength(bytes.byteLength);
      return slot.bytes();
    });
    if (!isRight) wrong += 1;
    if (slot !== undefined) pool.release(slot);
  }
  return wrong;
}

function usedCount({ small, large }: PoolStats): number {
  return [small, large].flatMap(({ holders }) => Object.values(holders)).reduce((sum, { used }) => sum + used, 0);
}

function signed(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}
