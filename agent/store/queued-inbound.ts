import { ok, type Result } from '../../drivers/contract/result.ts';
import { storeRowOverheadBytes } from '../limits.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Disk } from './disk.ts';
import { refuse, type StoreError } from './error.ts';
import type { Room } from './keeper.ts';
import type { StoreLimits } from './limits.ts';
import type { Loaded, Write } from './rows.ts';
import type { InboundStore } from './store.ts';

/** Received QoS 2 messages over a queue of commits; in memory are their numbers and sizes only. */
export class QueuedInbound implements InboundStore, Room {
  readonly #disk: Disk;
  readonly #queue: CommitQueue;
  readonly #limits: StoreLimits;
  readonly #costs = new Map<number, number>();

  constructor(disk: Disk, queue: CommitQueue, limits: StoreLimits) {
    this.#disk = disk;
    this.#queue = queue;
    this.#limits = limits;
  }

  get messageIds(): readonly number[] {
    return [...this.#costs.keys()];
  }

  async get(messageId: number): Promise<Result<Uint8Array | undefined, StoreError>> {
    if (!this.#costs.has(messageId)) return ok(undefined);
    return this.#queue.read(() => this.#disk.readInbound(messageId));
  }

  put(messageId: number, bytes: Uint8Array): Promise<Result<void, StoreError>> {
    const { inboundBytesMax, inboundCountMax } = this.#limits;
    const costBytes = inboundCost(bytes);
    if (costBytes > inboundBytesMax) {
      return refuse('too-large', 'put', 'inbound', `a message of ${bytes.byteLength} bytes`);
    }
    const others = [...this.#costs].filter(([other]) => other !== messageId);
    const usedBytes = others.reduce((sum, [, cost]) => sum + cost, 0);
    if (others.length >= inboundCountMax || usedBytes + costBytes > inboundBytesMax) {
      return refuse(
        'overloaded',
        'put',
        'inbound',
        `${others.length} messages with ${usedBytes} bytes wait for PUBREL`,
      );
    }
    this.#costs.set(messageId, costBytes);
    return this.#queue.write([{ kind: 'inbound-put', messageId, bytes: Uint8Array.from(bytes) }], costBytes);
  }

  async remove(messageId: number): Promise<Result<void, StoreError>> {
    if (!this.#costs.delete(messageId)) return ok();
    return this.#queue.write([{ kind: 'inbound-remove', messageId }], storeRowOverheadBytes);
  }

  load({ inbound }: Loaded): readonly Write[] {
    this.#costs.clear();
    for (const { messageId, costBytes } of inbound) this.#costs.set(messageId, costBytes);
    return [];
  }
}

/** What a message counts for, in memory and on the disk. */
export function inboundCost({ byteLength }: Pick<Uint8Array, 'byteLength'>): number {
  return byteLength + storeRowOverheadBytes;
}
