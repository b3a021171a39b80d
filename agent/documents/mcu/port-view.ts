import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import type { DriverError } from '../../../drivers/contract/result.ts';

export interface PortView {
  readonly port: BytePort;
  deliver(chunk: Uint8Array): void;
  lose(error: DriverError): void;
}

/** A kept port as the bridge wants it: open once, closed once. */
export function createPortView(resource: string, write: BytePort['write']): PortView {
  let onData: (chunk: Uint8Array) => void = () => {};
  let onClosed: (error: DriverError) => void = () => {};
  return {
    deliver: (chunk) => onData(chunk),
    lose: (error) => onClosed(error),
    port: {
      resource,
      write,
      onData(listener) {
        onData = listener;
      },
      onClosed(listener) {
        onClosed = listener;
      },
      async [Symbol.asyncDispose]() {},
    },
  };
}
