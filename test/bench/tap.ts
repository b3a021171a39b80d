import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Workshop } from '../support/c-compiler.ts';
import type { Hiccup } from './load.ts';

/** A broker that stamps when it hands messages to a socket; see c/tap.c. */
export interface Tap {
  /** For the broker. */
  readonly env: Readonly<Record<string, string>>;
  /** When each message could be read for the first time, by whichever connection; of the monotonic clock, in order. */
  readableNs(): readonly bigint[];
}

const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC'];

/** `topic`: the one that is listened to. */
export function openTap(workshop: Workshop, topic: string): Tap {
  const library = workshop.build('gcc', 'tap.so', [...flags, 'test/bench/c/tap.c', '-ldl']);
  const file = path.join(workshop.folder, 'tap');
  return {
    env: { LD_PRELOAD: library, TAP_FILE: file, TAP_TOPIC: topic },
    readableNs: () => readTap(readFileSync(file)),
  };
}

const wordBytes = 8;

/** A message has a stamp for each connection that gets it; the first one counts. */
export function readTap(bytes: Uint8Array): readonly bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Number(view.getBigInt64(0, true));
  if ((1 + 2 * count) * wordBytes >= bytes.byteLength && count > 0)
    throw new Error(`there is room for ${count} stamps only; ask for fewer seconds`);
  const firsts = new Map<bigint, bigint>();
  for (let index = 0; index < count; index += 1) {
    const at = (1 + 2 * index) * wordBytes;
    const id = view.getBigInt64(at + wordBytes, true);
    if (!firsts.has(id)) firsts.set(id, view.getBigInt64(at, true));
  }
  return [...firsts.values()];
}

/** From one moment to another one, in ms, without what the machine itself stood still of it. */
export function awakeMs(fromNs: bigint, toNs: bigint, hiccups: readonly Hiccup[]): number {
  const stalledNs = hiccups.reduce((sum, { atNs, ms }) => {
    const [beginNs, endNs] = [atNs, atNs + BigInt(Math.round(ms * 1e6))];
    const [sinceNs, untilNs] = [beginNs > fromNs ? beginNs : fromNs, endNs < toNs ? endNs : toNs];
    return untilNs > sinceNs ? sum + (untilNs - sinceNs) : sum;
  }, 0n);
  return Number(toNs - fromNs - stalledNs) / 1e6;
}
