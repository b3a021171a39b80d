import { createHash } from 'node:crypto';
import { decodeSmall, encodeSmall } from './small-cbor.ts';

/*
 * By the byte, from the constants of MCUmgr: operation (2 write, 3 its answer) · flags · length u16 · group u16 (1 image)
 * · number · command (1 upload), and CBOR.
 */
const upload = { operation: 2, group: 1, command: 1 } as const;

/** A boot loader that takes one image over SMP, as MCUboot's does: it keeps what it has over a restart. */
export interface SmpServer {
  /** What arrived so far. */
  readonly image: Uint8Array;
  readonly requestsCount: number;
  /** The length and hash that were announced are those of what arrived. */
  readonly isComplete: boolean;
  /** The answer to a packet; undefined for what is none. */
  answer(packet: Uint8Array): Uint8Array | undefined;
  /** As a lost session: it wants the first request again before it goes on. */
  restart(): void;
}

export function createSmpServer(refuseWith: number = 0): SmpServer {
  let image = Buffer.alloc(0);
  let announced: { len: unknown; sha: string } | undefined;
  let isOpen = false;
  const server = {
    requestsCount: 0,
    get image() {
      return image;
    },
    get isComplete() {
      const sha = createHash('sha256').update(image).digest('hex');
      return announced?.len === image.length && announced.sha === sha;
    },
    answer(bytes: Uint8Array) {
      const packet = Buffer.from(bytes);
      const isWhole = packet.length >= 8 && packet.length === 8 + packet.readUInt16BE(2);
      if (!isWhole || packet[0] !== upload.operation || packet.readUInt16BE(4) !== upload.group) return undefined;
      if (packet[7] !== upload.command) return undefined;
      server.requestsCount += 1;
      const { off, data, len, sha } = decodeSmall(packet.subarray(8));
      if (!(data instanceof Uint8Array)) throw new Error('an upload without bytes');
      if (off === 0) {
        if (!(sha instanceof Uint8Array)) throw new Error('the first request must say the hash');
        const next = { len, sha: Buffer.from(sha).toString('hex') };
        if (announced?.sha !== next.sha) image = Buffer.alloc(0);
        announced = next;
        isOpen = true;
      }
      const isInOrder = isOpen && off === image.length;
      if (isInOrder) image = Buffer.concat([image, data]);
      const said = encodeSmall(refuseWith === 0 ? { rc: 0, off: isOpen ? image.length : 0 } : { rc: refuseWith });
      const header = Buffer.from(packet.subarray(0, 8));
      header[0] = upload.operation + 1;
      header.writeUInt16BE(said.length, 2);
      return Uint8Array.from(Buffer.concat([header, said]));
    },
    restart() {
      isOpen = false;
    },
  };
  return server;
}
