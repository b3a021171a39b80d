import { failAssertion } from '../assert.ts';
import type { SlotHolder } from '../limits.ts';
import { headerSum } from './header-sum.ts';
import type { Slot } from './slot.ts';

/*
 *   0          4            6        7       8        12            16                    16+n
 *   +----------+------------+--------+-------+--------+-------------+---------------------+-------------+
 *   | canary   | generation | holder | state | length | CRC-32 of   | payload, n bytes    | tail canary |
 *   | u32      | u16        | u8     | u8    | u32    | bytes 0–11  | (length ≤ n in use) | u32         |
 *   +----------+------------+--------+-------+--------+-------------+---------------------+-------------+
 */
export const headerBytes = 16;
export const tailBytes = 4;

const headCanary = 0x514e5331;
const tailCanary = 0x31534e51;
const offsets = { generation: 4, holder: 6, state: 7, length: 8, checksum: 12 } as const;
const checksummedBytes = 12;
const states = { free: 0, held: 1 } as const;

/** The number of a holder in the header is its place here, beginning with 1; 0 is nobody. */
export const slotHolders = ['inbound', 'executing', 'outbox', 'framer'] as const satisfies readonly SlotHolder[];

/** A slot that keeps its books in its own header. Made once, when the pool is; nothing is allocated afterwards. */
export class PoolSlot implements Slot {
  readonly payload: Uint8Array;
  /** For messages: `small slot 3`. */
  readonly name: string;
  /** Its place in its slab. */
  readonly index: number;
  readonly #view: DataView;
  readonly #memory: Uint8Array;
  #used: Uint8Array;

  /** `memory` is header, payload and tail, and nobody else's. */
  constructor(slab: string, index: number, memory: Uint8Array) {
    this.name = `${slab} slot ${index}`;
    this.index = index;
    this.payload = memory.subarray(headerBytes, memory.length - tailBytes);
    this.#view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
    this.#memory = memory;
    this.#used = memory.subarray(headerBytes, headerBytes);
    this.#view.setUint32(0, headCanary);
    this.#view.setUint32(memory.length - tailBytes, tailCanary);
    this.#write(states.free, 0, 0);
  }

  get length(): number {
    return this.#view.getUint32(offsets.length);
  }

  get generation(): number {
    return this.#view.getUint16(offsets.generation);
  }

  get holder(): SlotHolder | undefined {
    return slotHolders[this.#view.getUint8(offsets.holder) - 1];
  }

  get isHeld(): boolean {
    return this.#view.getUint8(offsets.state) === states.held;
  }

  bytes(): Uint8Array {
    if (!this.isHeld) failAssertion(`${this.name} is read although nobody holds it`);
    if (this.#used.length !== this.length) this.#used = this.payload.subarray(0, this.length);
    return this.#used;
  }

  setLength(length: number): void {
    if (!this.isHeld) failAssertion(`${this.name} is written although nobody holds it`);
    const isInside = Number.isInteger(length) && length >= 0 && length <= this.payload.length;
    if (!isInside) failAssertion(`${this.name} has room for ${this.payload.length} bytes, not for ${length}`);
    this.#view.setUint32(offsets.length, length);
    this.#seal();
  }

  /** The pool's, not the holder's: lends the slot. */
  lend(holder: SlotHolder): void {
    if (this.isHeld) failAssertion(`${this.name} is lent twice`);
    this.#assertSound();
    this.#view.setUint16(offsets.generation, this.generation + 1); // modulo 65 536
    this.#write(states.held, slotHolders.indexOf(holder) + 1, 0);
  }

  pass(holder: SlotHolder): void {
    this.assertHeld('passed on');
    this.#write(states.held, slotHolders.indexOf(holder) + 1, this.length);
  }

  takeBack(): void {
    this.#write(states.free, 0, 0);
  }

  /** Before anything is done with a slot that came back from outside. */
  assertHeld(action: string): void {
    this.#assertSound();
    if (!this.isHeld) failAssertion(`${this.name} is ${action} although nobody holds it: was it released twice?`);
  }

  /** The first thing that is damaged; undefined when the slot is sound. */
  fault(): string | undefined {
    if (this.#view.getUint32(0) !== headCanary) return `${this.name}: canary in front is damaged`;
    if (this.#view.getInt32(offsets.checksum) !== headerSum(this.#memory, checksummedBytes))
      return `${this.name}: header is damaged`;
    const tail = this.#view.getUint32(this.#view.byteLength - tailBytes);
    return tail === tailCanary ? undefined : `${this.name}: canary behind the payload is damaged`;
  }

  #assertSound(): void {
    const fault = this.fault();
    if (fault !== undefined) failAssertion(fault);
  }

  #write(state: number, holder: number, length: number): void {
    this.#view.setUint8(offsets.holder, holder);
    this.#view.setUint8(offsets.state, state);
    this.#view.setUint32(offsets.length, length);
    this.#seal();
  }

  #seal(): void {
    this.#view.setInt32(offsets.checksum, headerSum(this.#memory, checksummedBytes));
  }
}
