import type { IPublishPacket } from 'mqtt';
import type { InboundMessage } from './link.ts';

interface Receipt {
  readonly messageId: number;
  readonly isRepeated: boolean;
}

/**
 * QoS 2 as the receiver (MQTT 5, 4.3.3, method B): a message is handed on when it arrives, its number is remembered until
 * PUBREL so that a repetition is not handed on again, and PUBREC is sent when the message cannot be lost any more.
 *
 * MQTT.js would hold back everything that comes behind such a message until it may send PUBREC, an emergency stop too.
 * So it gets to see the packet with QoS 0, and PUBREC is sent from here. It answers PUBREL by itself.
 */
export class Receipts {
  readonly #send: (bytes: Uint8Array) => void;
  /** Whether PUBREC was sent. Numbers of 16 bits; on MQTT 5 receiveWindowCount of them at most. */
  readonly #open = new Map<number, boolean>();
  readonly #known = new WeakMap<IPublishPacket, Receipt>();

  constructor(send: (bytes: Uint8Array) => void) {
    this.#send = send;
  }

  /** Before MQTT.js handles it. */
  take(packet: IPublishPacket): void {
    const { messageId = 0 } = packet;
    const isRepeated = this.#open.has(messageId);
    if (!isRepeated) this.#open.set(messageId, false);
    this.#known.set(packet, { messageId, isRepeated });
    packet.qos = 0;
    if (this.#open.get(messageId) === true) this.#send(pubrec(messageId));
  }

  released(messageId: number | undefined): void {
    this.#open.delete(messageId ?? 0);
  }

  isRepeated(packet: IPublishPacket): boolean {
    return this.#known.get(packet)?.isRepeated === true;
  }

  /** What its message has besides; nothing for QoS 0 and 1. */
  of(packet: IPublishPacket): Pick<InboundMessage, 'qos' | 'kept'> | undefined {
    const receipt = this.#known.get(packet);
    if (receipt === undefined) return undefined;
    const { messageId } = receipt;
    const kept = () => {
      this.#open.set(messageId, true);
      this.#send(pubrec(messageId));
    };
    return { qos: 2, kept };
  }
}

/** PUBREC without a reason code, which means success: the same bytes in MQTT 3.1.1 and 5. */
function pubrec(messageId: number): Uint8Array {
  return Uint8Array.of(0x50, 2, messageId >> 8, messageId & 0xff);
}
