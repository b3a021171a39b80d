import type { Clock } from '../clock.ts';
import { expressSettleMs, expressTwinMsMax, expressTwinsMax } from '../express-limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import { Twins } from './twins.ts';

/** The two connections on which a command for an emergency document arrives. */
export type Line = 'main' | 'express';

/** act: carry it out · leave: its twin was carried out already · refuse: a later one was carried out already. */
export type Judgement = 'act' | 'leave' | 'refuse';

/**
 * A command for an emergency document comes twice, by the connection of its own and by that of all others. The first of the
 * two acts, the other one is left (QN-6.10a).
 *
 * The main connection may lag behind a flood, and what was sent before the express one was up comes by the main one only.
 * It is told apart by its place: a connection keeps the order of a topic, so what comes there before the twin of another
 * command was sent before that one, and must not act after it.
 */
export class ExpressGate {
  readonly #clock: Clock;
  readonly #toCome = { main: new Twins(expressTwinsMax), express: new Twins(expressTwinsMax) };
  #isUp = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  up(line: Line): void {
    if (line === 'express') this.#isUp = true;
    else this.#toCome.main.clear(); // What its session of before had not delivered is lost.
  }

  /** The express connection is gone, and with it what it had not delivered. */
  down(): void {
    this.#isUp = false;
    this.#toCome.express.clear();
  }

  hear(line: Line, { topic, payload, retain }: InboundMessage): Judgement {
    const nowMs = this.#clock.monotonicMs();
    const content = contentOf(payload, retain);
    if (this.#toCome[line].take(topic, content, nowMs)) return 'leave';
    if (line === 'main' && this.#toCome.main.has(topic, nowMs)) return 'refuse';
    // It is up for the broker before this side knows it, so a twin may come there all the same.
    const waitMs = line === 'main' && !this.#isUp ? expressSettleMs : expressTwinMsMax;
    this.#toCome[line === 'main' ? 'express' : 'main'].add(topic, content, nowMs + waitMs);
    return 'act';
  }
}

/** Byte for byte: a sender that says the same twice is heard twice on each connection. */
function contentOf(payload: Uint8Array, retain: boolean): string {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return `${retain ? 'r' : 'n'}${bytes.toString('latin1')}`;
}
