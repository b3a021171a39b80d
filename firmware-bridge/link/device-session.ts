import { linkGreetEveryMs, linkWaitingCountMax, linkWatchdogMsDefault, linkWatchdogMsMin } from '../limits.ts';
import {
  type Channel,
  decodeWelcome,
  encodeChannel,
  encodeHello,
  encodeLog,
  encodePing,
  encodeSafe,
  type Hello,
  resetScope,
  type SafeReason,
  safeReasonOf,
} from './bodies.ts';
import { isCutCompact, type LinkFrame, linkType } from './frame.ts';
import { ackFrame, type Numbered, newNumbered, takeAnswer, takeNumbered } from './numbered.ts';
import { type Parcel, resendDue, submit } from './sender.ts';

/**
 * The microcontroller's side of the link as a function; firmware-bridge/mcu/qn_link.c is the same in C. Used by the
 * simulated microcontroller.
 */
export interface DeviceState {
  readonly isJoined: boolean;
  readonly hello: Hello;
  readonly channels: readonly Channel[];
  readonly numbered: Numbered;
  readonly watchdogMs: number;
  readonly greetDueMs: number;
  readonly pingedMs: number;
}

export type DeviceInput =
  | { readonly kind: 'begin' }
  | { readonly kind: 'frame'; readonly frame: LinkFrame }
  /** Dropped while there is no session, or too much waits: state is announced again in the next one. */
  | { readonly kind: 'send'; readonly body: Uint8Array }
  | { readonly kind: 'safe'; readonly reason: 'local' | 'none' }
  /** Lossy, as told; dropped while there is no session. */
  | { readonly kind: 'log'; readonly level: number; readonly text: string }
  | { readonly kind: 'tick' };

export type DeviceEffect =
  | { readonly kind: 'transmit'; readonly frame: LinkFrame }
  | { readonly kind: 'deliver'; readonly body: Uint8Array }
  /** There is a new session; its channels are on the way. */
  | { readonly kind: 'up' }
  | { readonly kind: 'safe'; readonly reason: SafeReason }
  | { readonly kind: 'restart' };

export interface DeviceStep {
  readonly state: DeviceState;
  readonly effects: readonly DeviceEffect[];
}

export function newDevice(hello: Hello, channels: readonly Channel[], nowMs: number): DeviceState {
  const times = { watchdogMs: linkWatchdogMsDefault, greetDueMs: nowMs, pingedMs: nowMs };
  return { isJoined: false, hello, channels, numbered: newNumbered(0), ...times };
}

export function stepDevice(state: DeviceState, input: DeviceInput, nowMs: number): DeviceStep {
  switch (input.kind) {
    case 'begin':
      return greet(state, nowMs);
    case 'frame':
      return takeFrame(state, input.frame, nowMs);
    case 'send': {
      const isRefused = !state.isJoined || state.numbered.sender.waiting.length >= linkWaitingCountMax;
      return isRefused
        ? { state, effects: [] }
        : post(state, [{ ticket: 0, type: linkType.data, body: input.body }], nowMs);
    }
    case 'safe':
      return goSafe(state, input.reason === 'none' && !state.isJoined ? 'watchdog' : input.reason);
    case 'log': {
      const body = encodeLog(input.level, input.text.slice(0, state.hello.bodyBytesMax - 1));
      const frame = { type: linkType.log, seq: state.numbered.session, body };
      return { state, effects: state.isJoined ? [{ kind: 'transmit', frame }] : [] };
    }
    case 'tick':
      return state.isJoined ? tickJoined(state, nowMs) : tickGreeting(state, nowMs);
  }
}

export function deviceDueMs({ isJoined, hello, greetDueMs, pingedMs, watchdogMs, numbered }: DeviceState): number {
  const watchdogDueMs = pingedMs + watchdogMs;
  if (!isJoined) return hello.safe === 'none' ? Math.min(greetDueMs, watchdogDueMs) : greetDueMs;
  return Math.min(watchdogDueMs, numbered.sender.dueMs ?? Number.POSITIVE_INFINITY);
}

/** Out of the session, and asking for another. */
function leave(state: DeviceState, nowMs: number): DeviceStep {
  const hello = { ...state.hello, nonce: (state.hello.nonce + 1) & 0xffff };
  return greet({ ...state, isJoined: false, hello }, nowMs);
}

function greet(state: DeviceState, nowMs: number): DeviceStep {
  const frame = { type: linkType.hello, seq: 0, body: encodeHello(state.hello) };
  return { state: { ...state, greetDueMs: nowMs + linkGreetEveryMs }, effects: [{ kind: 'transmit', frame }] };
}

function takeFrame(state: DeviceState, frame: LinkFrame, nowMs: number): DeviceStep {
  if (frame.type === linkType.reset) return takeReset(state, frame, nowMs);
  if (frame.type === linkType.welcome) return takeWelcome(state, frame, nowMs);
  if (!state.isJoined) return { state, effects: [] };
  if (frame.type === linkType.data) return isCutCompact(frame) ? { state, effects: [] } : takeData(state, frame);
  return frame.seq === state.numbered.session ? takeJoined(state, frame, nowMs) : { state, effects: [] };
}

function takeReset(state: DeviceState, frame: LinkFrame, nowMs: number): DeviceStep {
  if (frame.body[0] === resetScope.microcontroller) return { state, effects: [{ kind: 'restart' }] };
  return state.isJoined ? leave(state, nowMs) : greet(state, nowMs);
}

function takeWelcome(state: DeviceState, frame: LinkFrame, nowMs: number): DeviceStep {
  const welcome = decodeWelcome(frame.body);
  if (welcome === undefined || welcome.nonce !== state.hello.nonce) return { state, effects: [] };
  if (state.isJoined && frame.seq !== state.numbered.session) return leave(state, nowMs);
  if (state.isJoined) return { state, effects: [{ kind: 'transmit', frame: ackFrame(state.numbered) }] };
  const watchdogMs = Math.max(linkWatchdogMsMin, welcome.watchdogMs);
  const joined = { ...state, isJoined: true, numbered: newNumbered(frame.seq), watchdogMs, pingedMs: nowMs };
  const cured = isCuredByWelcome(state.hello.safe) ? goSafe(joined, 'none') : { state: joined, effects: [] };
  const told = post(cured.state, joined.channels.map(channelParcel), nowMs);
  const answer: DeviceEffect = { kind: 'transmit', frame: ackFrame(joined.numbered) };
  // The answer goes first: frames of a session count from it on.
  const effects = [answer, ...cured.effects.filter(({ kind }) => kind !== 'transmit'), ...told.effects];
  return { state: told.state, effects: [...effects, { kind: 'up' }] };
}

function channelParcel(channel: Channel): Parcel {
  return { ticket: 0, type: linkType.channel, body: encodeChannel(channel) };
}

function isCuredByWelcome(reason: SafeReason): boolean {
  return reason === 'start' || reason === 'watchdog';
}

function takeData(state: DeviceState, frame: LinkFrame): DeviceStep {
  const { numbered, frames, arrival } = takeNumbered(state.numbered, frame.seq);
  const answers = transmitAll(frames);
  const delivered: readonly DeviceEffect[] = arrival === 'next' ? [{ kind: 'deliver', body: frame.body }] : [];
  return { state: { ...state, numbered }, effects: [...answers, ...delivered] };
}

function takeJoined(state: DeviceState, frame: LinkFrame, nowMs: number): DeviceStep {
  switch (frame.type) {
    case linkType.ping: {
      const own = encodePing(Math.trunc(nowMs)); // Our clock, as theirs is in front.
      const body = Uint8Array.of(...frame.body.subarray(0, 4), ...encodeSafe(state.hello.safe), ...own);
      const pong = { type: linkType.pong, seq: state.numbered.session, body };
      return { state: { ...state, pingedMs: nowMs }, effects: [{ kind: 'transmit', frame: pong }] };
    }
    case linkType.safe:
      return takeSafe(state, safeReasonOf(frame.body[0]));
    case linkType.ack:
    case linkType.nak: {
      const { numbered, frames } = takeAnswer(state.numbered, frame, nowMs);
      const posted = post({ ...state, numbered }, [], nowMs);
      return { state: posted.state, effects: [...transmitAll(frames), ...posted.effects] };
    }
    default:
      return { state, effects: [] };
  }
}

/** The agent lifts only what it asked for. */
function takeSafe(state: DeviceState, asked: SafeReason): DeviceStep {
  const { safe } = state.hello;
  if (asked === 'none') return safe === 'asked' ? goSafe(state, 'none') : goSafe(state, safe);
  return goSafe(state, safe === 'none' ? 'asked' : safe);
}

function goSafe(state: DeviceState, reason: SafeReason): DeviceStep {
  const { isJoined, numbered, hello } = state;
  const frame = { type: linkType.safe, seq: numbered.session, body: encodeSafe(reason) };
  const changed: readonly DeviceEffect[] = reason === hello.safe ? [] : [{ kind: 'safe', reason }];
  const said: readonly DeviceEffect[] = isJoined ? [{ kind: 'transmit', frame }] : [];
  return { state: { ...state, hello: { ...hello, safe: reason } }, effects: [...changed, ...said] };
}

function post(state: DeviceState, parcels: readonly Parcel[], nowMs: number): DeviceStep {
  const { sender, frames } = submit(state.numbered.sender, parcels, nowMs);
  return { state: { ...state, numbered: { ...state.numbered, sender } }, effects: transmitAll(frames) };
}

/** The watchdog runs on between two sessions: an agent that left may not come back. */
function tickGreeting(state: DeviceState, nowMs: number): DeviceStep {
  const isDue = state.hello.safe === 'none' && nowMs >= state.pingedMs + state.watchdogMs;
  const watched = isDue ? goSafe(state, 'watchdog') : { state, effects: [] };
  if (nowMs < state.greetDueMs) return watched;
  const greeted = greet(watched.state, nowMs);
  return { state: greeted.state, effects: [...watched.effects, ...greeted.effects] };
}

function tickJoined(state: DeviceState, nowMs: number): DeviceStep {
  if (nowMs >= state.pingedMs + state.watchdogMs) {
    const isFree = state.hello.safe === 'none';
    const safe = goSafe({ ...state, isJoined: false }, isFree ? 'watchdog' : state.hello.safe); // QN-8.4
    const left = leave(safe.state, nowMs);
    return { state: left.state, effects: [...safe.effects, ...left.effects] };
  }
  const resent = resendDue(state.numbered.sender, nowMs);
  if (resent === undefined) return leave(state, nowMs);
  const numbered = { ...state.numbered, sender: resent.sender };
  return { state: { ...state, numbered }, effects: transmitAll(resent.frames) };
}

function transmitAll(frames: readonly LinkFrame[]): readonly DeviceEffect[] {
  return frames.map((frame) => ({ kind: 'transmit', frame }));
}
