import type { BytePort } from '../drivers/contract/byte-port.ts';
import type { BridgeClock } from './clock.ts';
import { linkBodyBytesMax, simulatedMcuHeldChunksMax } from './limits.ts';
import { type Channel, linkAbi, type SafeReason } from './link/bodies.ts';
import { createDeframer, type DeframerCounters } from './link/deframer.ts';
import { type DeviceEffect, type DeviceInput, deviceDueMs, newDevice, stepDevice } from './link/device-session.ts';
import { createTransmitter } from './link/transmitter.ts';

/** How a simulated microcontroller and its line misbehave. Chances are per chunk of bytes that comes in, 0–1. */
export interface McuWeather {
  /** One bit of the chunk is turned. */
  readonly noiseChance?: number;
  /** The chunk is lost. */
  readonly dropChance?: number;
  /** The microcontroller resets in the middle of the chunk. */
  readonly resetChance?: number;
  /** It looks at its bytes only so long after they came. */
  readonly slowMs?: number;
}

export interface SimulatedMcuOptions {
  readonly channels: readonly Channel[];
  readonly firmwareVersion?: string;
  readonly bodyBytesMax?: number;
  /** linkAbi unless it is to be refused. */
  readonly abi?: number;
  readonly weather?: McuWeather;
  /** 0–1; a seeded one makes the weather repeatable. */
  readonly random: () => number;
}

/** What the program on it does. None of them may throw. */
export interface SimulatedMcuHandlers {
  onData(body: Uint8Array): void;
  /** There is a session: the time to tell the value of each channel. */
  onUp?(): void;
  /** Outputs go to their safe level; `none`: commands are welcome again. */
  onSafe?(reason: SafeReason): void;
}

/** A microcontroller in memory that speaks the link over any port: what firmware-bridge/mcu/qn_link.c does on a real one. */
export interface SimulatedMcu extends AsyncDisposable {
  readonly isJoined: boolean;
  readonly safe: SafeReason;
  readonly resetsCount: number;
  readonly received: DeframerCounters;
  /** May be changed at any time. */
  weather: McuWeather;
  /** Dropped while there is no session. */
  send(body: Uint8Array): void;
  /** A line of text, lossy. Level 0 debug, 1 info, 2 warning, 3 error. */
  log(level: number, text: string): void;
  /** An emergency stop at the machine, and its end. */
  goSafe(): void;
  liftSafe(): void;
  /** As by the reset button: everything is forgotten. */
  reset(): void;
  /** It hangs: nothing is read, said or watched, until `reset`. */
  hang(): void;
}

export function openSimulatedMcu(
  port: BytePort,
  clock: BridgeClock,
  options: SimulatedMcuOptions,
  handlers: SimulatedMcuHandlers,
): SimulatedMcu {
  const { channels, random, firmwareVersion = '0.0.0', bodyBytesMax = linkBodyBytesMax, abi = linkAbi } = options;
  const start = () => {
    const nonce = Math.trunc(random() * 65_536);
    const about = { abi, firmwareVersion, channelsCount: channels.length, bodyBytesMax };
    return newDevice({ ...about, nonce, safe: 'start' }, channels, clock.monotonicMs());
  };
  let device = start();
  let deframer = createDeframer();
  let isAlive = true;
  let timer: Disposable | undefined;
  let heldChunksCount = 0;
  const transmitter = createTransmitter(port, () => {}); // A port that is gone is the end of the simulation.

  const step = (input: DeviceInput) => {
    if (!isAlive) return;
    const { state, effects } = stepDevice(device, input, clock.monotonicMs());
    device = state;
    for (const effect of effects) perform(effect);
    schedule();
  };
  const perform = (effect: DeviceEffect) => {
    switch (effect.kind) {
      case 'transmit':
        return transmitter.transmit(effect.frame);
      case 'deliver':
        return handlers.onData(effect.body);
      case 'up':
        return handlers.onUp?.();
      case 'safe':
        return handlers.onSafe?.(effect.reason);
      case 'restart':
        return reset();
    }
  };
  const schedule = () => {
    timer?.[Symbol.dispose]();
    timer = clock.after(Math.max(0, deviceDueMs(device) - clock.monotonicMs()), () => step({ kind: 'tick' }));
  };
  const reset = () => {
    mcu.resetsCount += 1;
    isAlive = true;
    device = start();
    deframer = createDeframer();
    handlers.onSafe?.('start');
    step({ kind: 'begin' });
  };
  const take = (chunk: Uint8Array) => {
    if (isAlive) deframer.push(chunk, (frame) => step({ kind: 'frame', frame }));
  };
  const hear = (chunk: Uint8Array) => {
    const { noiseChance = 0, dropChance = 0, resetChance = 0 } = mcu.weather;
    if (random() < dropChance) return;
    if (random() < noiseChance) turnOneBit(chunk, random);
    if (random() >= resetChance) return take(chunk);
    take(chunk.subarray(0, Math.trunc(chunk.length / 2)));
    reset();
  };
  const mcu = {
    weather: options.weather ?? {},
    resetsCount: 0,
    get isJoined() {
      return device.isJoined;
    },
    get safe() {
      return device.hello.safe;
    },
    get received() {
      return deframer.counters;
    },
    send: (body: Uint8Array) => step({ kind: 'send', body: Uint8Array.from(body) }),
    log: (level: number, text: string) => step({ kind: 'log', level, text }),
    goSafe: () => step({ kind: 'safe', reason: 'local' }),
    liftSafe: () => step({ kind: 'safe', reason: 'none' }),
    reset,
    hang() {
      isAlive = false;
      timer?.[Symbol.dispose]();
    },
    async [Symbol.asyncDispose]() {
      mcu.hang();
    },
  };
  port.onData((chunk) => {
    const copy = Uint8Array.from(chunk);
    const { slowMs = 0 } = mcu.weather;
    if (slowMs === 0) return hear(copy);
    if (heldChunksCount >= simulatedMcuHeldChunksMax) return;
    heldChunksCount += 1;
    clock.after(slowMs, () => {
      heldChunksCount -= 1;
      hear(copy);
    });
  });
  step({ kind: 'begin' });
  return mcu;
}

function turnOneBit(chunk: Uint8Array, random: () => number): void {
  const at = Math.trunc(random() * chunk.length);
  chunk[at] = (chunk[at] ?? 0) ^ (1 << Math.trunc(random() * 8));
}
