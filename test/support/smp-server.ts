import { createHash } from 'node:crypto';
import { Encoder } from 'cbor-x';
import {
  decodePacket,
  encodePacket,
  smpGroup,
  smpImageCommand,
  smpOperation,
} from '../../firmware-bridge/smp/header.ts';

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
  const cbor = new Encoder({ useRecords: false, mapsAsObjects: true, tagUint8Array: false });
  let image = Buffer.alloc(0);
  let announced: { len: number; sha: string } | undefined;
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
      const packet = decodePacket(bytes);
      if (packet?.group !== smpGroup.image || packet.command !== smpImageCommand.upload) return undefined;
      server.requestsCount += 1;
      const { off, data, len, sha } = cbor.decode(packet.body);
      if (off === 0) {
        const next = { len, sha: Buffer.from(sha).toString('hex') };
        if (announced?.sha !== next.sha) image = Buffer.alloc(0);
        announced = next;
        isOpen = true;
      }
      const isInOrder = isOpen && off === image.length;
      if (isInOrder) image = Buffer.concat([image, data]);
      const said = refuseWith === 0 ? { rc: 0, off: isOpen ? image.length : 0 } : { rc: refuseWith };
      return encodePacket({ ...packet, operation: smpOperation.writeAnswer, body: Uint8Array.from(cbor.encode(said)) });
    },
    restart() {
      isOpen = false;
    },
  };
  return server;
}
