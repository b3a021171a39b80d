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

type State =
  | { readonly at: 'type' }
  | { readonly at: 'length'; readonly bytesCount: number; readonly value: number }
  | { readonly at: 'body'; readonly leftBytes: number }
  /** The length has a fifth byte, or a packet was too large: whoever parses it will say so. */
  | { readonly at: 'lost' };

/** The limit is met when the header is complete, before the packet is there: nobody needs to collect it first. */
export function createPacketScanner(packetBytesMax: number): PacketScanner {
  let state: State = { at: 'type' };
  let packetsCount = 0;

  function takeByte(byte: number): number | undefined {
    if (state.at === 'type') {
      packetsCount += 1;
      state = { at: 'length', bytesCount: 0, value: 0 };
      return undefined;
    }
    if (state.at !== 'length') return undefined;
    const bytesCount = state.bytesCount + 1;
    const value = state.value + (byte & 0x7f) * 128 ** state.bytesCount;
    if ((byte & 0x80) !== 0) {
      state = bytesCount < lengthBytesMax ? { at: 'length', bytesCount, value } : { at: 'lost' };
      return undefined;
    }
    const packetBytes = 1 + bytesCount + value;
    const isTooLarge = packetBytes > packetBytesMax;
    state = isTooLarge ? { at: 'lost' } : value === 0 ? { at: 'type' } : { at: 'body', leftBytes: value };
    return isTooLarge ? packetBytes : undefined;
  }

  return {
    get packetsCount() {
      return packetsCount;
    },
    get bodyBytesLeft() {
      return state.at === 'body' ? state.leftBytes : 0;
    },
    scan(chunk) {
      let index = 0;
      while (index < chunk.byteLength && state.at !== 'lost') {
        if (state.at === 'body') {
          const takenBytes = Math.min(state.leftBytes, chunk.byteLength - index);
          index += takenBytes;
          const leftBytes: number = state.leftBytes - takenBytes;
          state = leftBytes === 0 ? { at: 'type' } : { at: 'body', leftBytes };
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
