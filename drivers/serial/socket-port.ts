import { connect, type Socket } from 'node:net';
import { type DriverClock, systemDriverClock } from '../clock.ts';
import type { BytePort } from '../contract/byte-port.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import { socketConnectMsMax, socketPieceBytesMax } from '../limits.ts';
import { driverError, systemError } from '../system-error.ts';
import { createTransportPort, type Transport } from './transport-port.ts';

/** A simulated device behind a Unix socket at `path`: each connection is one opening of its port. */
export async function openSocketPort(
  resource: string,
  path: string,
  clock: DriverClock = systemDriverClock,
): Promise<Result<BytePort>> {
  const socket = connect({ path });
  const error = await connected(socket, resource, path, clock);
  if (error !== undefined) {
    socket.destroy();
    return fail(error);
  }
  return ok(socketPort(resource, socket, clock));
}

/** The error, if it does not connect. */
function connected(
  socket: Socket,
  resource: string,
  path: string,
  clock: DriverClock,
): Promise<DriverError | undefined> {
  const fixes = {
    absent: `start the simulated device that listens at ${path}`,
    timeout: 'restart the simulated device',
  };
  const failed = { operation: 'open', resource, fixes };
  return new Promise((resolve) => {
    const timer = clock.after(socketConnectMsMax, () =>
      resolve(driverError('timeout', failed, `no connection within ${socketConnectMsMax} ms`)),
    );
    socket.once('connect', () => resolve(undefined));
    socket.once('error', (cause) => resolve(systemError(cause, failed)));
    socket.once('ready', () => timer[Symbol.dispose]());
    socket.once('close', () => timer[Symbol.dispose]());
  });
}

/** A connection that is there already, as the simulated device at its other end has it. */
export function socketPort(resource: string, socket: Socket, clock: DriverClock = systemDriverClock): BytePort {
  let isInFlight = false;
  let resume: (() => void) | undefined;
  const sent = () => {
    isInFlight = false;
    const next = resume;
    resume = undefined;
    next?.();
  };
  const transport: Transport = {
    get isDrained() {
      return !isInFlight;
    },
    take(bytes) {
      if (isInFlight) return 0;
      isInFlight = true;
      // A copy: the caller has its buffer back after a time-out, the socket still needs the bytes then.
      const piece = Buffer.from(bytes.subarray(0, socketPieceBytesMax));
      socket.write(piece, sent);
      return piece.byteLength;
    },
    whenReady(next) {
      resume = next;
    },
    close() {
      return new Promise((resolve) => {
        if (socket.closed) return resolve();
        socket.once('close', () => resolve());
        socket.destroy();
      });
    },
  };
  const { port, deliver, lose } = createTransportPort(resource, transport, clock);
  socket.on('data', deliver);
  socket.on('error', lose);
  socket.on('close', () => lose('the simulated device closed the connection'));
  return port;
}
