import type { Clock } from '../clock.ts';
import {
  expressDoubtMs,
  expressDoubtsMax,
  expressSettleMs,
  expressTwinBytesMax,
  expressTwinMsMax,
  expressTwinsMax,
  mainLagMsMax,
} from '../express-limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import { Doubts } from './doubts.ts';
import { isSentBefore } from './sent-before.ts';
import { type Twin, Twins } from './twins.ts';

const twinLimits = { countMax: expressTwinsMax, bytesMax: expressTwinBytesMax };

/** The two connections on which a command for an emergency document arrives. */
export type Line = 'main' | 'express';

/** act: carry it out · leave: its twin was carried out already · doubt: see ExpressGate.doubt · overtaken: refuse it, a later one was. */
export type Judgement = 'act' | 'leave' | 'doubt' | 'overtaken';

/**
 * A command for an emergency document comes twice, by the connection of its own and by that of all others. The first of the
 * two acts, the other one is left (QN-6.10a).
 *
 * The main connection may lag behind a flood with commands of before the express one was up, which must not act after a later
 * one. Once both have brought the same command, whatever follows on main in its order (see Twin) was sent later than that: it
 * acts, and what is still noted for main before it was lost by the broker. Until then what comes on main before a noted twin is
 * older, or that twin was lost: the express connection brings it in the second case only, and soon, so it alone decides.
 *
 * What comes on the express connection before a twin that is noted for it is older and lost by main, or that twin was lost.
 * Their ids tell, where one sender made both; else it acts, because an emergency command is not to wait for main.
 */
export class ExpressGate {
  readonly #clock: Clock;
  readonly #toCome = { main: new Twins(twinLimits), express: new Twins(twinLimits) };
  readonly #doubts: Doubts;
  /** For this side: for the broker a connection is up before, and a twin may come by it all the same. */
  readonly #isUp = { main: false, express: false };
  /** Main may still bring what was sent before the express connection was up, except where both have brought one. */
  #mayMainLag = false;
  readonly #met = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#doubts = new Doubts(clock, { ...twinLimits, countMax: expressDoubtsMax, waitMs: expressDoubtMs });
  }

  up(line: Line): void {
    this.#isUp[line] = true;
    if (line === 'express') this.#distrustMain();
  }

  /** This connection is gone, and with it what it had not delivered. Alone, main is not to leave for long what looks like a lost one. */
  down(line: Line): void {
    this.#isUp[line] = false;
    this.#toCome[line].clear();
    if (line === 'express') this.#toCome.main.cut(this.#clock.monotonicMs() + mainLagMsMax);
    else this.#mayMainLag = false; // What it brings next is sent from now on.
  }

  hear(line: Line, message: InboundMessage): Judgement {
    const nowMs = this.#clock.monotonicMs();
    const twin = twinOf(message);
    const found = this.#toCome[line].take(twin, nowMs);
    if (found === 'sure') this.#meet(twin);
    if (found !== undefined) return 'leave';
    return line === 'main' ? this.#hearMain(twin, nowMs) : this.#hearExpress(twin, nowMs);
  }

  /** Nothing is done with it now: it acts when the express connection brings it, or is refused when that does not in time. */
  doubt(message: InboundMessage, refuse: () => void): void {
    this.#doubts.add(twinOf(message), refuse);
  }

  #hearMain(twin: Twin, nowMs: number): Judgement {
    const isOldOrAhead = this.#mayBeOld(twin) && this.#toCome.main.has(twin.topic, nowMs);
    if (isOldOrAhead || this.#doubts.has(twin.topic)) return 'doubt'; // What is in doubt acts first, if it does.
    this.#toCome.main.drop(twin);
    this.#expect('express', twin, nowMs);
    return 'act';
  }

  #hearExpress(twin: Twin, nowMs: number): Judgement {
    if (this.#doubts.take(twin)) this.#meet(twin);
    else if (this.#toCome.express.surelyOf(twin, nowMs).some((later) => isSentBefore(twin, later))) return 'overtaken';
    else if (!this.#expect('main', twin, nowMs)) this.#distrustMain(); // It may bring the forgotten one.
    return 'act';
  }

  #expect(line: Line, twin: Twin, nowMs: number): boolean {
    const isUp = this.#isUp[line];
    const soonMs = line === 'main' ? mainLagMsMax : expressSettleMs;
    return this.#toCome[line].add(twin, nowMs, isUp ? expressTwinMsMax : soonMs, isUp);
  }

  #mayBeOld(twin: Twin): boolean {
    return this.#mayMainLag && !this.#met.has(twin.order);
  }

  #meet(twin: Twin): void {
    if (!this.#mayBeOld(twin)) return;
    if (this.#met.size >= expressTwinsMax) this.#met.clear();
    this.#met.add(twin.order);
  }

  #distrustMain(): void {
    this.#mayMainLag = true;
    this.#met.clear();
  }
}

/** Byte for byte: a sender that says the same twice is heard twice on each connection. */
function twinOf({ topic, qos, payload, retain, properties: { contentType } }: InboundMessage): Twin {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return { topic, order: `${retain ? 'r' : 'n'}${qos}${topic}`, content: bytes.toString('latin1'), contentType };
}
