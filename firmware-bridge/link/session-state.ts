import { linkGreetEveryMs } from '../limits.ts';
import type { Channel, Hello, SafeReason } from './bodies.ts';
import type { ClockSamples } from './clock-offset.ts';
import type { LinkFrame } from './frame.ts';
import { type Numbered, newNumbered } from './numbered.ts';
import { type Parcel, type SendOptions, submit } from './sender.ts';

/**
 * seeking: RESET is sent until a HELLO comes · welcoming: WELCOME is sent until it is answered · discovering: the
 * channels come in · up · refused: it speaks another major version; a HELLO with the right one is taken at any time.
 */
export type SessionPhase = 'seeking' | 'welcoming' | 'discovering' | 'up' | 'refused';

/** no-ack: nothing acknowledged for linkTriesMax sendings · silent: no answer to PING · restarted · incompatible. */
export type DownReason = 'no-ack' | 'silent' | 'restarted' | 'incompatible';

export type SessionInput =
  | { readonly kind: 'begin' }
  | { readonly kind: 'frame'; readonly frame: LinkFrame }
  /** `ticket` comes back in `settle`, exactly once. The body must stay untouched until then. */
  | ({ readonly kind: 'send'; readonly ticket: number; readonly body: Uint8Array } & SendOptions)
  /** Outputs into their safe state, or no longer held there by us. */
  | { readonly kind: 'safe'; readonly isWanted: boolean }
  /** The microcontroller starts anew, as after power-on. */
  | { readonly kind: 'restart' }
  | { readonly kind: 'tick' };

/** unwanted: it was never sent. */
export type SendOutcome = 'acknowledged' | 'unwanted' | 'down' | 'busy' | 'too-large';

export type SessionEffect =
  | { readonly kind: 'transmit'; readonly frame: LinkFrame }
  | { readonly kind: 'settle'; readonly ticket: number; readonly outcome: SendOutcome }
  | { readonly kind: 'channel'; readonly channel: Channel }
  | { readonly kind: 'up'; readonly peer: Hello; readonly channels: readonly Channel[] }
  /** Told once per greeting that failed or session that ended, `up` or not. */
  | { readonly kind: 'down'; readonly reason: DownReason; readonly detail: string }
  | { readonly kind: 'deliver'; readonly body: Uint8Array }
  | { readonly kind: 'safe'; readonly reason: SafeReason }
  | { readonly kind: 'log'; readonly level: number; readonly text: string };

/** Totals since the bridge was opened. */
export interface SessionCounters {
  readonly sessions: number;
  readonly delivered: number;
  readonly acknowledged: number;
  readonly resent: number;
  readonly duplicates: number;
  readonly gaps: number;
  /** Of another session, or out of place in this phase. */
  readonly stale: number;
  /** Whole frames whose type or body says nothing to us. */
  readonly malformed: number;
}

export interface SessionState {
  readonly phase: SessionPhase;
  readonly watchdogMs: number;
  readonly numbered: Numbered;
  /** Of the last HELLO. */
  readonly peer: Hello | undefined;
  readonly channels: readonly Channel[];
  /** CHANNEL frames of this session, those that said nothing to us included. */
  readonly channelsToldCount: number;
  readonly safe: SafeReason;
  readonly isSafeWanted: boolean;
  /** RESET or WELCOME is sent again. */
  readonly greetDueMs: number;
  readonly welcomesCount: number;
  readonly pingDueMs: number;
  readonly heardMs: number;
  /** Of the last PING that was answered. */
  readonly pingMs: number | undefined;
  /** Of this session: a microcontroller that began anew counts from zero again. */
  readonly clockSamples: ClockSamples;
  readonly counters: SessionCounters;
}

export interface Step {
  readonly state: SessionState;
  readonly effects: readonly SessionEffect[];
}

/** `session` is where the numbers of sessions begin, best a random one. */
export function newSession(watchdogMs: number, session: number, nowMs: number): SessionState {
  return {
    phase: 'seeking',
    watchdogMs,
    numbered: newNumbered(session & 0xff),
    peer: undefined,
    channels: [],
    channelsToldCount: 0,
    safe: 'none',
    isSafeWanted: false,
    greetDueMs: nowMs + linkGreetEveryMs,
    welcomesCount: 0,
    pingDueMs: nowMs,
    heardMs: nowMs,
    pingMs: undefined,
    clockSamples: [],
    counters: {
      sessions: 0,
      delivered: 0,
      acknowledged: 0,
      resent: 0,
      duplicates: 0,
      gaps: 0,
      stale: 0,
      malformed: 0,
    },
  };
}

export function isJoined({ phase }: SessionState): boolean {
  return phase === 'discovering' || phase === 'up';
}

export function counted(state: SessionState, name: keyof SessionCounters, count: number = 1): SessionState {
  if (count === 0) return state;
  return { ...state, counters: { ...state.counters, [name]: state.counters[name] + count } };
}

export function transmit(frame: LinkFrame): SessionEffect {
  return { kind: 'transmit', frame };
}

export function settle(tickets: readonly number[], outcome: SendOutcome): readonly SessionEffect[] {
  return tickets.map((ticket) => ({ kind: 'settle', ticket, outcome }));
}

/** These behind what waits, and out with as much as the window takes. */
export function post(state: SessionState, parcels: readonly Parcel[], nowMs: number): Step {
  const { sender, frames, unwanted } = submit(state.numbered.sender, parcels, nowMs);
  const next = { ...state, numbered: { ...state.numbered, sender } };
  return { state: next, effects: [...settle(unwanted, 'unwanted'), ...frames.map(transmit)] };
}

/** The second step begins where the first ended. */
export function followed(first: Step, next: (state: SessionState) => Step): Step {
  const second = next(first.state);
  return { state: second.state, effects: [...first.effects, ...second.effects] };
}
