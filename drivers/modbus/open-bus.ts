import { ModbusBus } from './bus.ts';
import { RtuMaster } from './rtu-master.ts';

export interface OpenModbus {
  readonly bus: ModbusBus;
  readonly master: RtuMaster;
}

/** A master on a serial line, and the bus with its polls and commands above it. Loaded by boards that have one. */
export function openModbus(...[line, options]: ConstructorParameters<typeof RtuMaster>): OpenModbus {
  const master = new RtuMaster(line, options);
  return { master, bus: new ModbusBus(options.resource, line.clock, master) };
}
