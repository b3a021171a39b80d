import { fail, ok } from '../../drivers/contract/result.ts';
import { modbusFrameBytesMax } from '../../drivers/limits.ts';
import type { ModbusBusConfig } from '../config/config.ts';
import { keepLine, noBufferError, probeLine } from './kept-line.ts';
import type { DocumentKind } from './kind.ts';

/** A serial line with Modbus units on it. Its value is `{open: boolean}`; registers on it are documents of their own. */
export const modbusRtu: DocumentKind<ModbusBusConfig> = {
  plan: () => fail({ reason: 'unsupported', detail: 'this document is a bus; notify a register on it' }),

  async open(config, surroundings) {
    const { pool, clock } = surroundings;
    const { openModbus } = await import('../../drivers/modbus/open-bus.ts');
    const slot = pool.acquire('framer', modbusFrameBytesMax);
    if (slot === undefined) return fail(noBufferError(config.port, modbusFrameBytesMax));
    const { port: resource, settings, answerMs } = config;
    const buffer = slot.payload.subarray(0, modbusFrameBytesMax);
    const write = (bytes: Uint8Array, timeoutMs: number) => line.write(bytes, timeoutMs);
    const { master, bus } = openModbus({ clock, write, buffer }, { resource, settings, answerMs });
    const line = await keepLine(config, surroundings, {
      begin: () => master.begin(),
      take: (chunk) => master.receive(chunk),
      end: () => master.lose(),
    });
    return ok({
      modbus: bus,
      perform: () => ok(),
      probe: () => probeLine(line, config),
      async [Symbol.asyncDispose]() {
        bus[Symbol.dispose]();
        master.lose();
        await line[Symbol.asyncDispose]();
        pool.release(slot);
      },
    });
  },
};
