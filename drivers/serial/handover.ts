import { ok, type Result } from '../contract/result.ts';
import type { Transport } from './transport-port.ts';

/** One write on its way to the kernel. */
export interface Handover {
  readonly result: Promise<Result<void>>;
  readonly takenBytes: number;
  readonly totalBytes: number;
  /** Hands over what goes now, and the rest by itself. */
  pump(): void;
  /** The first end counts. Afterwards nothing more is handed over. */
  end(result: Result<void>): void;
}

/** `lose` is called when the transport turns out to be gone; it is expected to end the handover. */
export function createHandover(transport: Transport, bytes: Uint8Array, lose: (cause: unknown) => void): Handover {
  const { promise, resolve } = Promise.withResolvers<Result<void>>();
  const totalBytes = bytes.byteLength;
  let takenBytes = 0;
  let hasEnded = false;
  const end = (result: Result<void>) => {
    hasEnded = true;
    resolve(result);
  };
  const takeAll = () => {
    while (takenBytes < totalBytes) {
      const count = transport.take(bytes.subarray(takenBytes));
      if (count === 0) return;
      takenBytes += count;
    }
  };
  const pump = () => {
    if (hasEnded) return;
    try {
      takeAll();
    } catch (cause) {
      return lose(cause);
    }
    if (takenBytes === totalBytes && transport.isDrained) return end(ok());
    transport.whenReady(pump);
  };
  return {
    result: promise,
    get takenBytes() {
      return takenBytes;
    },
    totalBytes,
    pump,
    end,
  };
}
