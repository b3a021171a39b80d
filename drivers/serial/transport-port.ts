import type { DriverClock } from '../clock.ts';
import type { BytePort } from '../contract/byte-port.ts';
import { type DriverError, fail, type Result } from '../contract/result.ts';
import { closedError, driverError, systemError } from '../system-error.ts';
import { createHandover, type Handover } from './handover.ts';

/** What differs between a tty, a socket and a wire in memory. */
export interface Transport {
  /** Takes as many bytes as go without waiting, none if that is none; keeps no view of them. Throws when it is gone. */
  take(bytes: Uint8Array): number;
  /** Everything that was taken is with the kernel. */
  readonly isDrained: boolean;
  /** Calls back once, later, when `take` may take more or the transport is drained. A new call replaces the last. */
  whenReady(resume: () => void): void;
  /** Called once. Never rejects: nobody could do anything about it. */
  close(): Promise<void>;
}

export interface TransportPort {
  readonly port: BytePort;
  /** Bytes came in. */
  readonly deliver: (chunk: Uint8Array) => void;
  /** The transport is gone by itself: the system's error, or a sentence. Counts once, and not after disposal. */
  readonly lose: (cause: unknown) => void;
}

/** The part of the BytePort contract that is the same everywhere: one listener, one write at a time, one end. */
export function createTransportPort(resource: string, transport: Transport, clock: DriverClock): TransportPort {
  let isOpen = true;
  let closing: Promise<void> = Promise.resolve();
  let onData: ((chunk: Uint8Array) => void) | undefined;
  let onClosed: ((error: DriverError) => void) | undefined;
  let gone: DriverError | undefined;
  let pending: Handover | undefined;
  const close = () => {
    isOpen = false;
    pending?.end(fail(cutError(resource, pending)));
    closing = transport.close();
  };
  const lose = (cause: unknown) => {
    if (!isOpen) return;
    close();
    gone = goneError(resource, cause);
    onClosed?.(gone);
  };
  const write = async (bytes: Uint8Array, timeoutMs: number): Promise<Result<void>> => {
    if (!isOpen) return fail(closedError('write', resource));
    if (pending !== undefined) return fail(busyError(resource));
    const handover = createHandover(transport, bytes, lose);
    pending = handover;
    using _deadline = clock.after(timeoutMs, () => handover.end(fail(lateError(resource, handover, timeoutMs))));
    handover.pump();
    const result = await handover.result;
    pending = undefined;
    return result;
  };
  const port: BytePort = {
    resource,
    write,
    onData(listener) {
      onData = listener;
    },
    onClosed(listener) {
      onClosed = listener;
      const before = gone;
      if (before !== undefined) queueMicrotask(() => listener(before));
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) close();
      await closing;
    },
  };
  const deliver = (chunk: Uint8Array) => {
    if (isOpen) onData?.(chunk);
  };
  return { port, deliver, lose };
}

function goneError(resource: string, cause: unknown): DriverError {
  const failed = { operation: 'read', resource };
  if (typeof cause === 'string') return driverError('closed', failed, cause);
  return { ...systemError(cause, failed), kind: 'closed' };
}

function busyError(resource: string): DriverError {
  return driverError('busy', { operation: 'write', resource }, 'the write before it has not ended; one at a time');
}

/** Not as one that found it closed: something may have been done. */
function cutError(resource: string, { takenBytes, totalBytes }: Handover): DriverError {
  const detail = `it went away or was closed when ${takenBytes} of ${totalBytes} bytes were handed over`;
  return driverError('closed', { operation: 'write', resource }, detail);
}

/** What the other side got is the one thing a caller can act on. */
function lateError(resource: string, { takenBytes, totalBytes }: Handover, timeoutMs: number): DriverError {
  const detail = `${takenBytes} of ${totalBytes} bytes were handed over within ${timeoutMs} ms, the rest was not sent`;
  const fixes = { timeout: 'check that the other side reads, and its flow control' };
  return driverError('timeout', { operation: 'write', resource, fixes }, detail);
}
