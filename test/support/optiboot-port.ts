import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import type { StkRequest } from '../../firmware-bridge/stk500/commands.ts';
import type { OptibootModel } from './optiboot-model.ts';

export interface OptibootPort {
  readonly port: BytePort;
  /** The cable is pulled. */
  lose(): void;
}

/** The model of optiboot behind a port. One write is one request, as the flasher sends them. */
export function createOptibootPort(model: OptibootModel, onRequest: (count: number) => void = () => {}): OptibootPort {
  let onData: (chunk: Uint8Array) => void = () => {};
  let onClosed: Parameters<BytePort['onClosed']>[0] = () => {};
  let isOpen = true;
  let count = 0;
  const closed = { kind: 'closed', operation: 'write', resource: 'optiboot', detail: 'the cable was pulled' } as const;
  const lose = () => {
    if (isOpen) onClosed(closed);
    isOpen = false;
  };
  const port: BytePort = {
    resource: 'optiboot',
    async write(bytes) {
      count += 1;
      onRequest(count);
      if (!isOpen) return fail(closed);
      const request: StkRequest = { bytes: Uint8Array.from(bytes), answerBytes: 0 };
      const data = model.take({ do: 'ask', request, answerMsMax: 0 });
      if (data !== undefined) setImmediate(() => onData(Uint8Array.of(0x14, ...data, 0x10)));
      return ok();
    },
    onData(listener) {
      onData = listener;
    },
    onClosed(listener) {
      onClosed = listener;
    },
    async [Symbol.asyncDispose]() {
      isOpen = false;
    },
  };
  return { port, lose };
}
