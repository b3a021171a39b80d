import type { DigitalInput, DigitalOutput, Edge, InputRequest, Level } from '../contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import type { NativeEdge, NativeGpio, NativeLines, NativeResult } from '../native/addon.ts';
import { nativeCause } from '../native/native-cause.ts';
import { closedError, systemError } from '../system-error.ts';
import { outputFlags } from './flags.ts';
import type { KeptLines } from './kept-lines.ts';

/** One line the kernel gave us. */
export interface ChipHold {
  readonly resource: string;
  readonly native: NativeGpio;
  readonly lines: NativeLines;
  /** Of an output: who is told that it is gone. It outlives who has the line. */
  lost?: { tell(error: DriverError): void };
}

const onlyLine = 1n;
const fixes = { absent: 'plug its chip in again; it is looked for' };

/** `kept`: where its line goes when it is to be kept. */
export function attachChipOutput(hold: ChipHold, kept?: KeptLines): DigitalOutput {
  return attach(hold, createAccess(hold), kept);
}

function attach(hold: ChipHold, access: Access, kept: KeptLines | undefined): DigitalOutput {
  return {
    resource: hold.resource,
    supports: { readBack: true },
    held: hold.lines,
    write: (level) => access.attempt('write', ({ native, lines }) => native.set(lines, BigInt(level), onlyLine)),
    readBack: access.read,
    ...(kept !== undefined && { keep: () => void (access.leave() && kept.add(hold)) }),
    onLost(tell) {
      hold.lost ??= watchOutput(hold);
      hold.lost.tell = (error) => void (access.isOpen && tell(error));
    },
    [Symbol.asyncDispose]: access.close,
  };
}

/** Where it cannot be watched, writes tell. */
function watchOutput(hold: ChipHold): NonNullable<ChipHold['lost']> {
  const lost = { tell: (_error: DriverError) => {} };
  hold.native.watch(hold.lines, (seen) => {
    if (!seen.ok) lost.tell(systemError(nativeCause(seen), { operation: 'watch', resource: hold.resource, fixes }));
  });
  return lost;
}

/**
 * Drives the level that a line requested without a direction was found with; an input becomes an output of the level that
 * was on its wire. It stays the same request, so there is no moment at which the line is nobody's.
 */
export function attachFoundOutput(hold: ChipHold, kept?: KeptLines): Result<DigitalOutput> {
  const access = createAccess(hold);
  const found = access.attempt('open', ({ native, lines }) => native.get(lines, onlyLine));
  return found.ok ? drive(hold, access, found.value, kept) : closeAfter(hold, found);
}

/** A line that was held all the time, by somebody else until now: an output that becomes one again. */
export function attachKeptOutput(hold: ChipHold, initial: Level | 'as-is', kept?: KeptLines): Result<DigitalOutput> {
  if (initial === 'as-is') return attachFoundOutput(hold, kept);
  const access = createAccess(hold);
  const found = access.read();
  const driven = drive(hold, access, BigInt(initial), kept);
  return driven.ok && found.ok ? ok({ ...driven.value, found: found.value }) : driven;
}

function drive(hold: ChipHold, access: Access, level: bigint, kept?: KeptLines): Result<DigitalOutput> {
  const driven = access.attempt('open', ({ native, lines }) => native.configure(lines, outputFlags, level));
  return driven.ok ? ok(attach(hold, access, kept)) : closeAfter(hold, driven);
}

function closeAfter<Failure extends Result<never>>(hold: ChipHold, failure: Failure): Failure {
  hold.native.close(hold.lines);
  return failure;
}

export function attachChipInput(hold: ChipHold, edges: InputRequest['edges'] = 'changes'): Result<DigitalInput> {
  const access = createAccess(hold);
  let listener: ((edge: Edge) => void) | undefined;
  let lost: ((error: DriverError) => void) | undefined;
  let told: Level | undefined;
  /** Of the last edge told. The kernel counts from 1, and counts the edges too that it had to drop. */
  let toldSequence = 0;
  const tell = ({ level, atNs, lineSequence }: NativeEdge) => {
    // The level that was told comes again when the kernel had to drop edges, or when the wire moved while it was opened.
    if (!access.isOpen || (edges === 'changes' && level === told)) return;
    const missedCount = Math.max(0, lineSequence - toldSequence - 1);
    told = level;
    toldSequence = lineSequence;
    listener?.(missedCount === 0 ? { level, atNs, isExact: true } : { level, atNs, isExact: true, missedCount });
  };
  const watched = access.attempt('open', ({ native, lines }) =>
    native.watch(lines, (seen) => {
      if (seen.ok) for (const edge of seen.value) tell(edge);
      else if (access.isOpen)
        lost?.(systemError(nativeCause(seen), { operation: 'watch', resource: hold.resource, fixes }));
    }),
  );
  const first = watched.ok ? access.read() : watched;
  if (!first.ok) {
    hold.native.close(hold.lines);
    return first;
  }
  told = first.value;
  return ok({
    resource: hold.resource,
    read: access.read,
    onEdge(next) {
      listener = next;
    },
    onLost(next) {
      lost = next;
    },
    [Symbol.asyncDispose]: access.close,
  });
}

interface Access {
  readonly isOpen: boolean;
  attempt<Value>(operation: string, act: (hold: ChipHold) => NativeResult<Value>): Result<Value>;
  readonly read: () => Result<Level>;
  /** Ends it, and leaves the line to the caller; false: it has ended before. */
  readonly leave: () => boolean;
  readonly close: () => Promise<void>;
}

/** The line as long as it is open: what the kernel says becomes a Result. */
function createAccess(hold: ChipHold): Access {
  const { resource, native, lines } = hold;
  let isOpen = true;
  const attempt = <Value>(operation: string, act: (hold: ChipHold) => NativeResult<Value>): Result<Value> => {
    if (!isOpen) return fail(closedError(operation, resource));
    const done = act(hold);
    return done.ok ? done : fail(systemError(nativeCause(done), { operation, resource }));
  };
  const leave = () => {
    const wasOpen = isOpen;
    isOpen = false;
    return wasOpen;
  };
  return {
    get isOpen() {
      return isOpen;
    },
    attempt,
    read() {
      const bits = attempt('read', () => native.get(lines, onlyLine));
      return bits.ok ? ok(bits.value === 0n ? 0 : 1) : bits;
    },
    leave,
    async close() {
      if (leave()) native.close(lines); // Stops watching, too.
    },
  };
}
