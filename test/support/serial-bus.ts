import type { BytePort, SerialSettings } from '../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../drivers/serial-port.ts';
import { type ModbusSlave, startModbusSlave } from './modbus-slave.ts';
import { openPtyPair } from './pty.ts';
import { valueOf } from './value-of.ts';

/**
 * A serial bus of four wires: what the master says goes to every slave, what a slave says goes to the master only. Each
 * slave is a process of its own at a line of its own, so that one can die without the others.
 */
export interface SerialBus extends AsyncDisposable {
  /** Where the master plugs in. */
  readonly port: string;
  /** A slave on the bus; disposal is its death by SIGKILL, and takes its line with it. */
  startSlave(units: readonly number[]): Promise<ModbusSlave>;
}

const writeMsMax = 1_000;

export async function openSerialBus(settings: SerialSettings): Promise<SerialBus> {
  const stack = new AsyncDisposableStack();
  const pair = stack.use(await openPtyPair());
  const trunk = stack.use(valueOf(await openSerialPort(pair.right, settings)));
  const toMaster = createSender(trunk);
  const senders = new Map<BytePort, (chunk: Uint8Array) => void>();
  trunk.onData((chunk) => {
    for (const send of senders.values()) send(chunk);
  });
  return {
    port: pair.left,
    async startSlave(units) {
      const line = await openPtyPair();
      const branch = valueOf(await openSerialPort(line.left, settings));
      const slave = await startModbusSlave(line.right, units);
      senders.set(branch, createSender(branch));
      branch.onData(toMaster);
      const end = async () => {
        senders.delete(branch);
        await slave[Symbol.asyncDispose]();
        await branch[Symbol.asyncDispose]();
        await line[Symbol.asyncDispose]();
      };
      stack.defer(end);
      return { command: slave.command, [Symbol.asyncDispose]: end };
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** One write after the other; what the other end does not take is lost, as on a wire. */
function createSender(port: BytePort): (chunk: Uint8Array) => void {
  let work: Promise<unknown> = Promise.resolve();
  return (chunk) => {
    const bytes = Uint8Array.from(chunk);
    work = work.then(() => port.write(bytes, writeMsMax));
  };
}
