import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { type DemoMicrocontroller, startMicrocontroller } from './microcontroller.ts';

/** The board of the demo: three pins in a folder, a scale and a microcontroller on sockets, and the config of them all. */
export interface DemoBoard extends AsyncDisposable {
  readonly microcontroller: DemoMicrocontroller;
  readonly folder: string;
  readonly configFile: string;
}

/** Sends every line back in capitals: a serial device that visibly did something. */
export async function createDemoBoard(brokerPort: number, httpPort: number): Promise<DemoBoard> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-demo-'));
  const board = path.join(folder, 'board');
  createSimulatedBoard(board, ['GPIO17', 'GPIO22', 'GPIO27']);
  const socket = path.join(folder, 'scale.sock');
  const device = createServer((connection) => {
    connection.on('data', (chunk) => connection.write(chunk.toString('latin1').toUpperCase(), 'latin1'));
    connection.on('error', () => connection.destroy()); // The agent may be killed: that is part of the show.
  });
  await new Promise<void>((resolve) => device.listen(socket, resolve));
  const mcuSocket = path.join(folder, 'mcu.sock');
  const microcontroller = await startMicrocontroller(mcuSocket, Math.random);
  const configFile = path.join(folder, 'config.yaml');
  await writeFile(
    configFile,
    configOf({ brokerPort, httpPort, board, socket, mcuSocket, state: path.join(folder, 'state') }),
  );
  return {
    folder,
    configFile,
    microcontroller,
    async [Symbol.asyncDispose]() {
      device.close();
      await microcontroller[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Parts {
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly board: string;
  readonly socket: string;
  readonly mcuSocket: string;
  readonly state: string;
}

function configOf({ brokerPort, httpPort, board, socket, mcuSocket, state }: Parts): string {
  return `node: pi-1
mqtt:
  brokers:
    - url: mqtt://127.0.0.1:${brokerPort}
gpio: { backend: simulated, board: ${board} }
state-folder: ${state}
log: { level: warn }
http: { port: ${httpPort}, write: true }
documents:
  gpio.relay1:  { driver: gpio-out, line: GPIO17, active: low, number: 1 }
  gpio.lamp:    { driver: gpio-out, line: GPIO22, number: 2 }
  gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up, active: low, debounce: 20ms, number: 3 }
  serial.scale: { driver: serial-line, port: "simulated:${socket}", append: "\\n", number: 4 }
  firmware.mcu0: { driver: mcu, port: "simulated:${mcuSocket}", watchdog: 2s, number: 100 }
bindings:
  - { on: factory/stop, select: /pressed, map: { "true": "off" }, to: gpio.relay1 }
`;
}
