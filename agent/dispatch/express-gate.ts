import type { Clock } from '../clock.ts';
import { expressHeldCountMax, expressHoldMs, expressTwinsMax, mainLagMsMax } from '../express-limits.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import { Twins } from './twins.ts';

/** The two connections on which a command for an emergency document arrives. */
export type Line = 'main' | 'express';

/** act: carry it out now · leave: its twin was carried out already · hold: see ExpressGateEvents. */
export type Judgement = 'act' | 'leave' | 'hold';

export interface ExpressGateEvents {
  /** It was held, no twin of it came, and a later command of its topic was carried out: it must not be any more. */
  overtaken(message: InboundMessage): void;
}

interface Held {
  readonly message: InboundMessage;
  readonly key: string;
  readonly waiting: Disposable;
}

/**
 * A command for an emergency document comes twice, by the connection of its own and by that of all others. The first of the
 * two acts, the other one is left (QN-6.10a).
 *
 * One case is not so simple: the express connection has just come up, and the main one lags behind a flood. What was sent
 * before comes by the main one only, perhaps after a command that was sent later, and must not act then. So for as
 * long as the main connection can lag, a command that comes there first, behind one of the express connection, is held
 * until its twin shows that it is not an old one.
 */
export class ExpressGate {
  readonly #clock: Clock;
  readonly #events: ExpressGateEvents;
  readonly #toCome = { main: new Twins(expressTwinsMax), express: new Twins(expressTwinsMax) };
  /** Oldest first. When full: the oldest waits no longer. */
  readonly #held: Held[] = [];
  /** When a command came by the express connection; one for each emergency topic. */
  readonly #lastMs = new Map<string, number>();
  #upSinceMs: number | undefined;

  constructor(clock: Clock, events: ExpressGateEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  /** Commands of the main connection that wait for their twin. */
  get heldCount(): number {
    return this.#held.length;
  }

  up(line: Line): void {
    if (line === 'express') this.#upSinceMs = this.#clock.monotonicMs();
    else this.#toCome.main.clear(); // What its session of before had not delivered is lost.
  }

  down(_line: 'express'): void {
    this.#upSinceMs = undefined;
    this.#toCome.express.clear();
    for (const held of this.#held.splice(0)) this.#giveUp(held);
  }

  hear(line: Line, message: InboundMessage): Judgement {
    const key = keyOf(message);
    const nowMs = this.#clock.monotonicMs();
    if (line === 'express') this.#lastMs.set(message.topic, nowMs);
    if (line === 'express' && this.#letGo(key)) return 'act';
    if (this.#toCome[line].take(key, nowMs)) return 'leave';
    if (line === 'main' && this.#mayBeOld(message.topic, nowMs)) return this.#hold(message, key);
    // It is up for the broker before this side knows it, so a twin may come there all the same.
    const waitMs = line === 'main' && this.#upSinceMs === undefined ? expressHoldMs : mainLagMsMax;
    this.#toCome[line === 'main' ? 'express' : 'main'].add(key, nowMs + waitMs);
    return 'act';
  }

  #mayBeOld(topic: string, nowMs: number): boolean {
    const upSinceMs = this.#upSinceMs;
    if (upSinceMs === undefined || nowMs - upSinceMs > mainLagMsMax) return false;
    return (this.#lastMs.get(topic) ?? Number.NEGATIVE_INFINITY) >= upSinceMs;
  }

  #hold(message: InboundMessage, key: string): 'hold' {
    if (this.#held.length >= expressHeldCountMax) for (const oldest of this.#held.splice(0, 1)) this.#giveUp(oldest);
    const held: Held = {
      message: { ...message, payload: Uint8Array.from(message.payload) },
      key,
      waiting: this.#clock.after(expressHoldMs, () => {
        this.#held.splice(this.#held.indexOf(held), 1);
        this.#giveUp(held);
      }),
    };
    this.#held.push(held);
    return 'hold';
  }

  /** The twin of one that is held is here, and acts. */
  #letGo(key: string): boolean {
    const index = this.#held.findIndex((held) => held.key === key);
    for (const { waiting, message } of index < 0 ? [] : this.#held.splice(index, 1)) {
      waiting[Symbol.dispose]();
      message.kept?.();
    }
    return index >= 0;
  }

  #giveUp({ message, waiting }: Held): void {
    waiting[Symbol.dispose]();
    this.#events.overtaken(message);
  }
}

/** Byte for byte: a sender that says the same twice is heard twice on each connection. */
function keyOf({ topic, payload, retain }: InboundMessage): string {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return `${retain ? 'r' : ''}${topic}\0${bytes.toString('latin1')}`;
}
