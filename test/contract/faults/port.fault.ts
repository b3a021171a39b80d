import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { bytePortSuite } from '../byte-port.suite.ts';

plant('is not clean for the byte 255', { noise: (chunk) => chunk.map((byte) => (byte === 0xff ? 0xfe : byte)) });

plant('loses the last byte of a full buffer', {
  noise: (chunk) => (chunk.byteLength === 4_096 ? chunk.subarray(1) : chunk),
});

plant('says ok before anything was sent', {
  port: (port) => ({
    ...port,
    async write(bytes, timeoutMs) {
      void port.write(bytes, timeoutMs);
      return ok();
    },
  }),
});

plant('tells its own disposal as a loss', {
  port(port) {
    let lost: Parameters<BytePort['onClosed']>[0] | undefined;
    return {
      ...port,
      onClosed(listener) {
        lost = listener;
        port.onClosed(listener);
      },
      async [Symbol.asyncDispose]() {
        await port[Symbol.asyncDispose]();
        lost?.({ kind: 'closed', operation: 'read', resource: port.resource, detail: 'it was closed' });
      },
    };
  },
});

interface Fault {
  readonly noise?: (chunk: Uint8Array) => Uint8Array;
  readonly port?: (port: BytePort) => BytePort;
}

function plant(name: string, { noise, port = (sound) => sound }: Fault): void {
  bytePortSuite(name, async () => {
    const pair = createSimulatedSerialPair(noise === undefined ? {} : { noise });
    const received: Buffer[] = [];
    pair.right.onData((chunk) => received.push(Buffer.from(chunk)));
    return {
      port: port(pair.left),
      peer: {
        received: () => Buffer.concat(received),
        send: (bytes) => void pair.right.write(bytes, 10_000),
        stall: () => pair.stall(),
        leave: () => void pair.right[Symbol.asyncDispose](),
      },
      [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
    };
  });
}
