import type { Socket } from 'node:net';
import { promptBytesMax, readSliceBytes } from '../express-limits.ts';
import { createPacketScanner } from './packet-scanner.ts';

export interface SliceOptions {
  /** The first slice is handled as soon as it is read. Else, if it is large, all other sockets that can be read are read before. */
  readonly isUrgent?: boolean;
  readonly sliceBytes?: number | undefined;
}

export interface SlicedSocket extends Socket {
  /** Nothing is read or handed on until `release`. */
  hold(): void;
  release(): void;
}

/**
 * Hands what a socket reads to MQTT.js in slices, one in a turn of the event loop. MQTT.js handles everything it is given
 * before anybody else gets a turn: a read of 64 KiB is a thousand small messages, and an emergency stop on another
 * connection, a timer or a watchdog would wait for all of them. While slices are left the socket is not read, so that the
 * broker is held back by TCP and nothing piles up here.
 *
 * What is left of one packet is handed on at once: MQTT.js only collects it. Where it does so with bl, as outside of the bundle,
 * each field is looked for in all the slices of its packet, which took 130 ms for 43 000 user properties in 512 of them.
 *
 * MQTT.js reads its stream by `pipe` alone, which is taken over here; it writes to the socket as ever.
 */
export function sliceReads(
  socket: Socket,
  { isUrgent = false, sliceBytes = readSliceBytes }: SliceOptions = {},
): SlicedSocket {
  const scanner = createPacketScanner(Number.POSITIVE_INFINITY);
  let parser: NodeJS.WritableStream | undefined;
  let rest: Buffer = Buffer.alloc(0); // One read of the socket at most, or what TLS had decrypted already.
  let isBusy = false;
  let isHeld = false;

  /** Every packet of the slice was. */
  const handled = () => void setImmediate(next);

  function next(): void {
    isBusy = false;
    if (socket.destroyed || parser === undefined || isHeld) return;
    if (rest.byteLength === 0) {
      if (socket.isPaused()) socket.resume();
      return;
    }
    const slice = rest.subarray(0, Math.max(sliceBytes, scanner.bodyBytesLeft));
    scanner.scan(slice);
    rest = rest.subarray(slice.byteLength);
    isBusy = true;
    parser.write(slice, handled);
  }

  function take(chunk: Buffer): void {
    rest = rest.byteLength === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (rest.byteLength > sliceBytes || isHeld) socket.pause();
    if (isBusy) return;
    if (isUrgent || rest.byteLength <= promptBytesMax) return next();
    isBusy = true;
    setImmediate(next);
  }

  const pipe = <Target extends NodeJS.WritableStream>(target: Target): Target => {
    parser = target;
    socket.on('data', take);
    return target;
  };
  const hold = () => {
    isHeld = true;
    socket.pause();
  };
  const release = () => {
    isHeld = false;
    if (!isBusy) next();
  };
  return Object.assign(socket, { pipe, hold, release });
}
