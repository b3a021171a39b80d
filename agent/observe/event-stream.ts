import type { ServerResponse } from 'node:http';
import { httpStreamBytesMax } from '../limits.ts';
import type { Message } from '../qn/message.ts';
import { safeHeaders } from './http-server.ts';
import type { LocalStream } from './local-clients.ts';

export interface EventStreamOptions {
  /** The JSON form of a message of this document; undefined when JSON cannot say it. */
  textOf(document: string, message: Message): string | undefined;
  /** The reader took everything it was sent. */
  onDrained(stream: LocalStream): void;
  /** The reader is gone. Not after `close`. */
  onGone(stream: LocalStream): void;
}

/** Server-Sent Events: the name of an event is the kind of the message, its data one line of JSON. */
export function openEventStream(response: ServerResponse, options: EventStreamOptions): LocalStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    ...safeHeaders,
  });
  response.flushHeaders();
  let isOpen = true;

  function write(text: string): boolean {
    if (!isOpen) return false;
    response.write(text);
    return response.writableLength < httpStreamBytesMax;
  }

  const stream: LocalStream = {
    send(event, document, message) {
      const text = options.textOf(document, message);
      return text === undefined || write(`event: ${event}\ndata: ${text}\n\n`);
    },
    sendGap: (eventsLostCount) => write(`event: gap\ndata: {"events_lost":${eventsLostCount}}\n\n`),
    ping: () => void write(': still here\n\n'),
    close() {
      isOpen = false;
      response.destroy(); // What the reader did not take yet would hold memory as long as it likes.
    },
  };
  response.on('drain', () => isOpen && options.onDrained(stream));
  response.on('close', () => {
    if (isOpen) options.onGone(stream);
    isOpen = false;
  });
  return stream;
}
