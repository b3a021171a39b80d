import type { Clock } from '../../agent/clock.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { hashOf, isWhole } from './mcuboot-image.ts';
import { decodeSmall, encodeSmall, type SmallMap } from './small-cbor.ts';
import { createSmpWire } from './smp-wire.ts';

/*
 * A microcontroller with MCUboot and two slots, as seen through SMP. Written from the constants of MCUmgr's
 * specification, by the byte, with nothing of the code under test and no library of it: header of 8 bytes (operation, flags, length u16, group
 * u16, number, command); groups 0 os, 1 image; the framing is in smp-wire.ts, CBOR in
 * small-cbor.ts.
 */
export interface SmpDeviceOptions {
  readonly framing: 'console' | 'raw';
  readonly board?: string;
  readonly bufferBytes?: number;
  /** What a program that runs is like. `mute`: it answers nothing. */
  readonly character?: (image: Uint8Array) => 'good' | 'mute';
  /** 0–1 of packets that are lost, in each direction. */
  readonly lossRatio?: number;
  readonly random?: () => number;
  /** One byte of what arrives is stored wrong. */
  readonly storesWrong?: boolean;
  readonly rebootMs?: number;
}

export interface SmpDevice {
  /** The program that runs. */
  readonly running: Uint8Array;
  readonly isConfirmed: boolean;
  readonly uploadRequests: number;
  readonly uploadedBytes: number;
  /** Every confirm it was ever asked for, by hash. */
  readonly confirms: readonly string[];
  readonly restarts: number;
  open(): Promise<Result<BytePort>>;
  /** The reset line, or the power. */
  reset(): Promise<Result<void>>;
  /** The cable: ports that are open are gone, and none opens, until it is plugged again. */
  unplug(): void;
  plug(): void;
}

interface Request {
  readonly operation: number;
  readonly group: number;
  readonly number: number;
  readonly command: number;
  readonly fields: SmallMap;
}

export function createSmpDevice(clock: Clock, program: Uint8Array, options: SmpDeviceOptions): SmpDevice {
  const {
    framing,
    board,
    bufferBytes = 512,
    lossRatio = 0,
    random = () => 1,
    storesWrong = false,
    rebootMs = 2_000,
  } = options;
  const character = options.character ?? (() => 'good' as const);
  const slots: (Uint8Array | undefined)[] = [program, undefined];
  let pending: 'test' | 'permanent' | undefined;
  let isConfirmed = true;
  let isStarting = false;
  let isPlugged = true;
  let upload: { len: number; sha: string; data: Buffer } | undefined;
  let emit: (bytes: Uint8Array) => void = () => {};
  let hangUp: () => void = () => {};
  const counts = { uploadRequests: 0, uploadedBytes: 0, confirms: [] as string[], restarts: 0 };

  /** MCUboot: swaps what is pending, swaps back what was tried and not confirmed. */
  const boot = () => {
    counts.restarts += 1;
    isStarting = true;
    const [first, second] = slots;
    const isSwap = (pending !== undefined && second !== undefined && isWhole(second)) || !isConfirmed;
    if (pending !== undefined && !isSwap) slots[1] = undefined; // An image that is damaged is erased.
    if (isSwap) [slots[0], slots[1]] = [second, first];
    isConfirmed = !(isSwap && isConfirmed && pending === 'test');
    pending = undefined;
    upload = undefined;
    clock.after(rebootMs, () => {
      isStarting = false;
    });
  };
  const stateOf = () => ({
    images: slots.flatMap((image, slot) =>
      image === undefined || (slot === 1 && !isWhole(image))
        ? []
        : [
            {
              slot,
              version: `${image[20]}.${image[21]}.${image[22]}`,
              hash: hashOf(image),
              bootable: true,
              pending: slot === 1 && pending !== undefined,
              confirmed: slot === 0 && isConfirmed,
              active: slot === 0,
              permanent: false,
            },
          ],
    ),
  });
  const takeUpload = ({ off, len, sha, data }: SmallMap) => {
    counts.uploadRequests += 1;
    if (!(data instanceof Uint8Array)) return { rc: 3 };
    if (off === 0) {
      const announced = Buffer.from(sha as Uint8Array).toString('hex');
      if (upload?.sha !== announced) upload = { len: Number(len), sha: announced, data: Buffer.alloc(0) };
    }
    if (upload === undefined) return { rc: 0, off: 0 };
    if (off === upload.data.length) {
      const stored = Buffer.from(data);
      if (storesWrong && off === 0) stored.writeUInt8(stored.readUInt8(100) ^ 1, 100);
      upload.data = Buffer.concat([upload.data, stored]);
      counts.uploadedBytes += data.length;
    }
    slots[1] = upload.data;
    return { rc: 0, off: upload.data.length };
  };
  const setState = ({ hash, confirm }: SmallMap) => {
    const wanted = Buffer.from(hash as Uint8Array);
    const slot = slots.findIndex((image) => image !== undefined && hashOf(image).equals(wanted));
    if (slot < 0) return { rc: 5 };
    if (confirm === true) {
      counts.confirms.push(wanted.toString('hex'));
      if (slot === 0) isConfirmed = true;
      else pending = 'permanent';
    } else pending = 'test';
    return stateOf();
  };
  const answerTo = ({ operation, group, command, fields }: Request): SmallMap => {
    switch (`${operation} ${group} ${command}`) {
      case '2 0 0':
        return { r: fields['d'] ?? '' };
      case '2 0 5':
        clock.after(250, boot);
        return {};
      case '0 0 6':
        return { buf_size: bufferBytes, buf_count: 2 };
      case '0 0 7':
        return board === undefined ? { rc: 8 } : { output: board };
      case '0 1 0':
        return stateOf();
      case '2 1 0':
        return setState(fields);
      case '2 1 1':
        return takeUpload(fields);
      default:
        return { rc: 8 };
    }
  };
  const take = (packet: Buffer) => {
    const isDeaf = isStarting || character(slots[0] ?? program) === 'mute';
    if (isDeaf || packet.length < 8 || packet.length > bufferBytes || random() < lossRatio) return;
    const body = packet.subarray(8, 8 + packet.readUInt16BE(2));
    const [operation = 0, , , , , , number = 0, command = 0] = packet;
    const group = packet.readUInt16BE(4);
    const said = encodeSmall(answerTo({ operation: operation & 7, group, number, command, fields: decodeSmall(body) }));
    const answer = Buffer.alloc(8 + said.length);
    answer[0] = (operation & 7) + 1;
    answer.writeUInt16BE(said.length, 2);
    answer.writeUInt16BE(group, 4);
    answer[6] = number;
    answer[7] = command;
    answer.set(said, 8);
    if (random() >= lossRatio) emit(wire.frame(answer));
  };
  const wire = createSmpWire(framing, take);
  return {
    get uploadRequests() {
      return counts.uploadRequests;
    },
    get uploadedBytes() {
      return counts.uploadedBytes;
    },
    get restarts() {
      return counts.restarts;
    },
    confirms: counts.confirms,
    get running() {
      return slots[0] ?? program;
    },
    get isConfirmed() {
      return isConfirmed;
    },
    async open(): Promise<Result<BytePort>> {
      const resource = 'smp-device';
      if (!isPlugged) return fail({ kind: 'absent', operation: 'open', resource, detail: 'it is unplugged' });
      wire.begin();
      let isOpen = true;
      let onClosed: Parameters<BytePort['onClosed']>[0] = () => {};
      hangUp = () => {
        if (isOpen) onClosed({ kind: 'closed', operation: 'read', resource, detail: 'the device is gone' });
        isOpen = false;
      };
      return ok({
        resource,
        async write(bytes: Uint8Array) {
          if (!isOpen) return fail({ kind: 'closed' as const, operation: 'write', resource, detail: 'closed' });
          const copy = Uint8Array.from(bytes);
          clock.after(1, () => wire.receive(copy));
          return ok();
        },
        onData(listener: (chunk: Uint8Array) => void) {
          emit = (bytes) => {
            clock.after(1, () => {
              if (isOpen) listener(bytes);
            });
          };
        },
        onClosed(listener: typeof onClosed) {
          onClosed = listener;
        },
        async [Symbol.asyncDispose]() {
          isOpen = false;
        },
      });
    },
    async reset() {
      boot();
      return ok();
    },
    unplug() {
      isPlugged = false;
      hangUp();
    },
    plug() {
      isPlugged = true;
    },
  };
}
