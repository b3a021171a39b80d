import type { DriverClock } from '../clock.ts';
import { simulatedWireBytesMax } from '../limits.ts';

/** How a simulated serial line misbehaves. */
export interface SerialWeather {
  /** From the moment bytes are free to go until they arrive. */
  readonly latencyMs?: number;
  /** Bytes arrive in chunks of at most this many. */
  readonly chunkBytesMax?: number;
  /** What the line makes of a chunk: longer, shorter, or with other bytes. */
  readonly noise?: (chunk: Uint8Array) => Uint8Array;
}

/** One direction of a simulated serial line: a bounded buffer that empties itself. */
export interface Wire {
  /** Copies what fits; how many bytes that was. */
  take(bytes: Uint8Array): number;
  /** Calls back once, when `take` has room again. */
  whenRoom(resume: () => void): void;
  stall(): void;
  resume(): void;
  /** Throws away what is on the way. */
  cut(): void;
  /** Calls back when everything taken before has arrived or was thrown away. */
  end(ended: () => void): void;
}

export function createWire(weather: SerialWeather, clock: DriverClock, deliver: (chunk: Uint8Array) => void): Wire {
  const { latencyMs = 0, chunkBytesMax = simulatedWireBytesMax, noise = (chunk: Uint8Array) => chunk } = weather;
  let held = Buffer.alloc(0);
  let isStalled = false;
  let isMoving = false;
  let waiting: (() => void) | undefined;
  let ended: (() => void) | undefined;
  const move = () => {
    isMoving = false;
    if (isStalled) return;
    const chunk = held.subarray(0, chunkBytesMax);
    held = held.subarray(chunk.byteLength);
    if (chunk.byteLength > 0) deliver(noise(chunk));
    const resume = waiting;
    waiting = undefined;
    resume?.();
    start();
  };
  const start = () => {
    if (isMoving || isStalled) return;
    if (held.byteLength === 0) return finish();
    isMoving = true;
    if (latencyMs === 0) setImmediate(move);
    else clock.after(latencyMs, move);
  };
  const finish = () => {
    const tell = ended;
    ended = undefined;
    if (tell !== undefined) setImmediate(tell);
  };
  return {
    take(bytes) {
      const taken = bytes.subarray(0, simulatedWireBytesMax - held.byteLength);
      held = Buffer.concat([held, taken]);
      start();
      return taken.byteLength;
    },
    whenRoom(resume) {
      waiting = resume;
    },
    stall() {
      isStalled = true;
    },
    resume() {
      isStalled = false;
      start();
    },
    cut() {
      held = Buffer.alloc(0);
      isStalled = false;
      start();
    },
    end(tell) {
      ended = tell;
      start();
    },
  };
}
