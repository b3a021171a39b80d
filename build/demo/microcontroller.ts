import { createServer } from 'node:net';
import { systemClock } from '../../agent/clock.ts';
import { runSimulatedFirmware } from '../../agent/documents/mcu/simulated-firmware.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { ok } from '../../drivers/contract/result.ts';
import { socketPort } from '../../drivers/serial/socket-port.ts';
import type { McuWeather } from '../../firmware-bridge/simulated-mcu.ts';

/** A simulated microcontroller with a power supply of its own: it goes on when the agent at its socket dies. */
export interface DemoMicrocontroller extends AsyncDisposable {
  /** Level of an output, by its number. */
  wire(number: number): boolean | number;
  /** The mushroom button at the machine. */
  stop(isPressed: boolean): void;
  /** How its line misbehaves from now on. */
  weather(weather: McuWeather): void;
}

export async function startMicrocontroller(socket: string, random: () => number): Promise<DemoMicrocontroller> {
  const uart = createUart();
  const firmware = runSimulatedFirmware(uart.port, systemClock, { random, firmwareVersion: '1.0.0' });
  const server = createServer((connection) => uart.plug(socketPort('demo', connection)));
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    wire: (number) => firmware.wire(number),
    stop: (isPressed) => firmware.stop(isPressed),
    weather(weather) {
      firmware.mcu.weather = weather;
    },
    async [Symbol.asyncDispose]() {
      await firmware[Symbol.asyncDispose]();
      await uart.port[Symbol.asyncDispose]();
      server.close();
    },
  };
}

/** A port that is always open; what is written while nothing is plugged in goes nowhere. */
function createUart(): { readonly port: BytePort; plug(cable: BytePort): void } {
  let current: BytePort | undefined;
  let hear: (chunk: Uint8Array) => void = () => {};
  return {
    plug(cable) {
      current = cable;
      cable.onData((chunk) => hear(chunk));
      cable.onClosed(() => {
        if (current === cable) current = undefined;
      });
    },
    port: {
      resource: 'uart',
      write: async (bytes, timeoutMs) => (await current?.write(bytes, timeoutMs)) ?? ok(),
      onData(listener) {
        hear = listener;
      },
      onClosed() {},
      async [Symbol.asyncDispose]() {
        await current?.[Symbol.asyncDispose]();
      },
    },
  };
}
