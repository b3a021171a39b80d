import { expressAckBytesMax } from '../express-limits.ts';
import { sendWindowCount } from '../limits.ts';
import type { DurableOutgoing } from './durable-message.ts';
import type { Link } from './link.ts';

interface Sender {
  send(message: DurableOutgoing): boolean;
}

/**
 * What is said about emergency commands goes over their own connection, past everything that waits for the main one. Its
 * buffers are there from the start. What it has no place for, and what it could not deliver, goes the ordinary way.
 */
export class ExpressOutbox implements Sender {
  readonly #main: Sender;
  readonly #free: Uint8Array[];
  #link: Link | undefined;
  #windowCount = 0;

  constructor(main: Sender) {
    this.#main = main;
    const memory = new Uint8Array(sendWindowCount * expressAckBytesMax);
    this.#free = Array.from({ length: sendWindowCount }, (_, index) =>
      memory.subarray(index * expressAckBytesMax, (index + 1) * expressAckBytesMax),
    );
  }

  /** `receiveMaximum`: so many messages at a time (MQTT 5). */
  up(link: Link, receiveMaximum: number): void {
    this.#link = link;
    this.#windowCount = Math.min(receiveMaximum, sendWindowCount);
  }

  down(): void {
    this.#link = undefined;
  }

  /** Copies the bytes; false when neither way took them. */
  send(message: DurableOutgoing): boolean {
    const inFlightCount = sendWindowCount - this.#free.length;
    const isOurs = message.durability === 'none' && message.bytes.byteLength <= expressAckBytesMax;
    const buffer =
      isOurs && this.#link !== undefined && inFlightCount < this.#windowCount ? this.#free.pop() : undefined;
    if (buffer === undefined || this.#link === undefined) return this.#main.send(message);
    const { topic, bytes, qos, retain, properties } = message;
    buffer.set(bytes);
    const payload = buffer.subarray(0, bytes.byteLength);
    this.#link.publish({ topic, payload, qos, retain, ...(properties !== undefined && { properties }) }, (result) => {
      if (!result.ok) this.#main.send({ ...message, bytes: payload });
      this.#free.push(buffer);
    });
    return true;
  }
}
