import type { Clock } from '../clock.ts';
import { brokersMax, retainedGraceMs } from '../limits.ts';
import type { InboundMessage } from './link.ts';

/**
 * Notices a broker that lost its retained store (QN-5.3a). The agent hears its own retained topic: a broker that brought
 * back what was said on it must bring it again, retained, at the next connection. It is remembered within the life of
 * the process. Nothing is held up meanwhile, and where the broker does not let us hear, nothing is ever told.
 *
 * Not promised: to notice a broker that sends retained messages so late that it sends those of this connection.
 */
export class RetainedCheck implements Disposable {
  readonly topic: string;
  readonly #clock: Clock;
  readonly #onLost: (broker: string) => void;
  readonly #expected = new Set<string>(); // Brokers; at most brokersMax, forget the oldest.
  #broker: string | undefined;
  /** What this connection still owes: the retained message of an earlier one. */
  #isOwed = false;
  #isBack = false;
  #verdict: Disposable | undefined;
  #lostCount = 0;

  constructor(clock: Clock, topic: string, onLost: (broker: string) => void) {
    this.#clock = clock;
    this.topic = topic;
    this.#onLost = onLost;
  }

  get lostCount(): number {
    return this.#lostCount;
  }

  /** True when the message is on the own topic. */
  hear({ topic, payload, retain }: InboundMessage): boolean {
    if (topic !== this.topic) return false;
    if (retain) this.#isBack = true;
    else if (this.#broker !== undefined) this.#hearEcho(this.#broker, payload.byteLength === 0);
    return true;
  }

  /** Retained messages may have come before. */
  up(broker: string): void {
    this.#broker = broker;
    this.#isOwed = this.#expected.has(broker);
  }

  down(): void {
    this.#verdict?.[Symbol.dispose]();
    this.#verdict = undefined;
    this.#broker = undefined;
    this.#isOwed = false;
    this.#isBack = false;
  }

  [Symbol.dispose](): void {
    this.down();
  }

  /** What was said in this connection comes back after what is retained, give or take retainedGraceMs. */
  #hearEcho(broker: string, isRemoval: boolean): void {
    if (isRemoval) return void this.#expected.delete(broker); // Somebody took it off the broker.
    this.#expect(broker);
    if (!this.#isOwed) return;
    this.#isOwed = false;
    this.#verdict = this.#clock.after(retainedGraceMs, () => this.#judge(broker));
  }

  #judge(broker: string): void {
    if (this.#isBack) return;
    this.#lostCount += 1;
    this.#onLost(broker);
  }

  #expect(broker: string): void {
    this.#expected.add(broker);
    const [oldest] = this.#expected;
    if (this.#expected.size > brokersMax && oldest !== undefined) this.#expected.delete(oldest);
  }
}
