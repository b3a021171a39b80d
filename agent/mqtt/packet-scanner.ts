/** Follows the fixed headers of MQTT packets in a stream of bytes, and keeps none of them. */
export interface PacketScanner {
  /** Packets that began so far. */
  readonly packetsCount: number;
  /** Of the packet that is not over yet, as far as its length is known. */
  readonly bodyBytesLeft: number;
  /** The size of the first packet that is larger than the limit, header included; nothing is followed behind it. */
  scan(chunk: Uint8Array): number | undefined;
}

/** The remaining length of MQTT: seven bits a byte, least first, at most four bytes (MQTT 5, 1.5.5). */
const lengthBytesMax = 4;

/**
 * The limit is met when the header is complete, before the packet is there: nobody needs to collect it first. It looks at every
 * packet that comes, and allocates nothing.
 */
export function createPacketScanner(packetBytesMax: number): PacketScanner {
  /** lost: the length has a fifth byte, or a packet was too large: whoever parses it will say so. */
  let at: 'type' | 'length' | 'body' | 'lost' = 'type';
  let lengthBytesCount = 0;
  let lengthValue = 0;
  let bodyBytesLeft = 0;
  let packetsCount = 0;

  function takeByte(byte: number): number | undefined {
    if (at === 'type') {
      packetsCount += 1;
      at = 'length';
      lengthBytesCount = 0;
      lengthValue = 0;
      return undefined;
    }
    lengthValue += (byte & 0x7f) * 128 ** lengthBytesCount;
    lengthBytesCount += 1;
    if ((byte & 0x80) !== 0) {
      if (lengthBytesCount === lengthBytesMax) at = 'lost';
      return undefined;
    }
    const packetBytes = 1 + lengthBytesCount + lengthValue;
    const isTooLarge = packetBytes > packetBytesMax;
    bodyBytesLeft = isTooLarge ? 0 : lengthValue;
    at = isTooLarge ? 'lost' : lengthValue === 0 ? 'type' : 'body';
    return isTooLarge ? packetBytes : undefined;
  }

  return {
    get packetsCount() {
      return packetsCount;
    },
    get bodyBytesLeft() {
      return bodyBytesLeft;
    },
    scan(chunk) {
      let index = 0;
      while (index < chunk.byteLength && at !== 'lost') {
        if (at === 'body') {
          const takenBytes = Math.min(bodyBytesLeft, chunk.byteLength - index);
          index += takenBytes;
          bodyBytesLeft -= takenBytes;
          if (bodyBytesLeft === 0) at = 'type';
          continue;
        }
        const tooLargeBytes = takeByte(chunk[index] ?? 0);
        if (tooLargeBytes !== undefined) return tooLargeBytes;
        index += 1;
      }
      return undefined;
    },
  };
}
