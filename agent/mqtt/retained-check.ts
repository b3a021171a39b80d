import type { Clock } from '../clock.ts';
import { brokersMax, retainedGraceMs, twinTakeoversMax, twinWindowMs } from '../limits.ts';
import type { InboundMessage } from './link.ts';
import { createRecord } from './twin-watch.ts';

type OnLost = (broker: string) => void;

/**
 * Notices a broker that lost its retained store (QN-5.3a). The agent hears its own retained topic: a broker that brought
 * back what was said on it must bring it again, retained, at the next connection. It is remembered within the life of
 * the process. Nothing is held up meanwhile, and where the broker does not let us hear, nothing is ever told. Where it brings
 * what another life said, again and again, another board has the name of this one (QN-5.3b).
 *
 * Not promised: to notice a broker that sends retained messages so late that it sends those of this connection.
 */
export class RetainedCheck implements Disposable {
  readonly topic: string;
  readonly #clock: Clock;
  readonly #boot: string;
  readonly #onLost: OnLost;
  readonly #expected = new Set<string>(); // Brokers; at most brokersMax, forget the oldest.
  #broker: string | undefined;
  /** What this connection still owes: the retained message of an earlier one. */
  #isOwed = false;
  #isBack = false;
  /** What is retained was said by somebody else; on a broker that had what this life said. */
  #isForeign = false;
  #isKnown = false;
  readonly #sightings = createRecord(twinTakeoversMax); // One may be a last will that came late.
  #twinUntilMs = 0;
  #verdict: Disposable | undefined;
  #lostCount = 0;

  /** `boot` stands in every report of this life. */
  constructor(clock: Clock, { topic, boot }: { readonly topic: string; readonly boot: bigint }, onLost: OnLost) {
    this.#clock = clock;
    this.topic = topic;
    this.#boot = boot.toString();
    this.#onLost = onLost;
  }

  /** That another board seems to have the name of this one. */
  get twin(): string | undefined {
    if (this.#broker === undefined || this.#clock.monotonicMs() >= this.#twinUntilMs) return undefined;
    return `${this.#broker} brings on "${this.topic}" what another board says`;
  }

  isOfThisLife(payload: Uint8Array): boolean {
    return Buffer.from(payload).includes(this.#boot);
  }

  get lostCount(): number {
    return this.#lostCount;
  }

  /** True when the message is on the own topic. */
  hear({ topic, payload, retain }: InboundMessage): boolean {
    if (topic !== this.topic) return false;
    if (retain) {
      this.#isBack = true;
      this.#isForeign = payload.byteLength > 0 && !this.isOfThisLife(payload);
      this.#lookForTwin();
    } else if (this.#broker !== undefined) this.#hearEcho(this.#broker, payload.byteLength === 0);
    return true;
  }

  /** Retained messages may have come before. */
  up(broker: string): void {
    this.#broker = broker;
    this.#isOwed = this.#expected.has(broker);
    this.#isKnown = this.#isOwed;
    this.#lookForTwin();
  }

  down(): void {
    this.#verdict?.[Symbol.dispose]();
    this.#verdict = undefined;
    this.#broker = undefined;
    this.#isOwed = false;
    this.#isBack = false;
    this.#isForeign = false;
    this.#isKnown = false;
  }

  [Symbol.dispose](): void {
    this.down();
  }

  /** Once a connection. */
  #lookForTwin(): void {
    if (!this.#isKnown || !this.#isForeign) return;
    this.#isKnown = false;
    const nowMs = this.#clock.monotonicMs();
    if (this.#sightings.note(nowMs)) this.#twinUntilMs = nowMs + twinWindowMs;
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
