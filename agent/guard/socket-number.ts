import type { Socket } from 'node:net';

/**
 * The descriptor of a socket that Node opened: lines can only be sent over it with a system call of our own. It has no
 * public name in Node; what Node calls it has been the same since its version 0.10. Undefined: it is closed.
 */
export function socketNumber(socket: Socket): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle');
  const fd: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
