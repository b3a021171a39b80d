import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The last one of each connection. */
const responses = new WeakMap<Socket, ServerResponse>();

class Response extends ServerResponse<Request> {
  constructor(...parts: ConstructorParameters<typeof ServerResponse<Request>>) {
    super(...parts);
    responses.set(parts[0].socket, this);
  }
}

/**
 * Node.js makes everything it has read into requests before it stops to read: 64 KiB are 3 640 of them, of each
 * connection. Destroying the socket does not end that; an upgrade does, and as nobody offers one the connection is cut.
 */
class Request extends IncomingMessage {
  constructor(socket: Socket) {
    super(socket);
    if (responses.get(socket)?.writableFinished !== false) return;
    Object.defineProperty(this, 'upgrade', { get: () => true, set: () => {} });
  }
}

/** For `createServer`: who sends a request before the one of before is answered (pipelining) is cut off. */
export const oneAtATime = { IncomingMessage: Request, ServerResponse: Response };
