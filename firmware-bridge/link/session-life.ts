import { linkBodyBytesMax, linkChannelsMax, linkGreetEveryMs, linkPingsPerWatchdog } from '../limits.ts';
import { encodePing, encodeSafe, encodeWelcome, type Hello, linkAbi, nakReason, resetScope } from './bodies.ts';
import { type LinkFrame, linkType } from './frame.ts';
import { newNumbered } from './numbered.ts';
import { outstanding } from './sender.ts';
import {
  counted,
  type DownReason,
  type SessionEffect,
  type SessionState,
  type Step,
  settle,
  transmit,
} from './session-state.ts';

/** How a session begins and ends. */

/** RESET until somebody answers. */
export function seek(state: SessionState, nowMs: number): Step {
  const next = { ...state, phase: 'seeking', greetDueMs: nowMs + linkGreetEveryMs } as const;
  return { state: next, effects: [transmit(resetFrame(state, resetScope.session))] };
}

export function resetFrame({ numbered }: SessionState, scope: number): LinkFrame {
  return { type: linkType.reset, seq: numbered.session, body: Uint8Array.of(scope) };
}

/** Ends what was under way; nobody knows whether it arrived. */
export function lose(state: SessionState, reason: DownReason, detail: string): Step {
  const tickets = outstanding(state.numbered.sender);
  const next = { ...state, numbered: newNumbered(state.numbered.session), channels: [], channelsToldCount: 0 };
  return { state: next, effects: [...settle(tickets, 'down'), { kind: 'down', reason, detail }] };
}

/** A session of its own for every greeting: what belongs to the last one is known by its number. */
export function welcome(state: SessionState, peer: Hello, nowMs: number): Step {
  const session = (state.numbered.session % 255) + 1;
  const next = {
    ...counted(state, 'sessions'),
    phase: 'welcoming',
    numbered: newNumbered(session),
    peer,
    channels: [],
    channelsToldCount: 0,
    safe: peer.safe,
    welcomesCount: 0,
    clockSamples: [],
  } as const;
  const told: readonly SessionEffect[] = [{ kind: 'safe', reason: peer.safe }];
  const sent = repeatWelcome(next, peer, nowMs);
  return { state: sent.state, effects: [...told, ...sent.effects] };
}

export function repeatWelcome(state: SessionState, peer: Hello, nowMs: number): Step {
  const { watchdogMs, numbered } = state;
  const body = encodeWelcome({ abi: linkAbi, nonce: peer.nonce, watchdogMs, bodyBytesMax: linkBodyBytesMax });
  const next = { ...state, greetDueMs: nowMs + linkGreetEveryMs, welcomesCount: state.welcomesCount + 1 };
  return { state: next, effects: [transmit({ type: linkType.welcome, seq: numbered.session, body })] };
}

/** WELCOME was answered; PINGs begin, and with them the watchdog over there is fed. */
export function join(state: SessionState, peer: Hello, nowMs: number): Step {
  const isCured = peer.safe === 'start' || peer.safe === 'watchdog'; // QN-8.4a: by the new session itself.
  const safe = isCured ? 'none' : peer.safe;
  const told: readonly SessionEffect[] = isCured ? [{ kind: 'safe', reason: 'none' }] : [];
  const pinged = ping({ ...state, phase: 'discovering', heardMs: nowMs, safe }, nowMs);
  return complete({ state: pinged.state, effects: [...told, ...pinged.effects] }, peer);
}

/** Up, once every channel was told. */
export function complete({ state, effects }: Step, peer: Hello): Step {
  if (state.phase !== 'discovering' || state.channelsToldCount < peer.channelsCount) return { state, effects };
  const up: SessionEffect = { kind: 'up', peer, channels: state.channels };
  return { state: { ...state, phase: 'up' }, effects: [...effects, up] };
}

/** With SAFE behind it as long as the other side's state is not the one we want: a lost one is made good. */
export function ping(state: SessionState, nowMs: number): Step {
  const seq = state.numbered.session;
  const next = { ...state, pingDueMs: nowMs + state.watchdogMs / linkPingsPerWatchdog };
  const frame: LinkFrame = { type: linkType.ping, seq, body: encodePing(Math.trunc(nowMs)) };
  return { state: next, effects: [transmit(frame), ...safeEffects(state)] };
}

export function safeEffects({ safe, isSafeWanted, numbered }: SessionState): readonly SessionEffect[] {
  const isRight = isSafeWanted ? safe !== 'none' : safe !== 'asked';
  if (isRight) return [];
  return [transmit({ type: linkType.safe, seq: numbered.session, body: encodeSafe(isSafeWanted ? 'asked' : 'none') })];
}

/** Why this one cannot be talked to; undefined when it can. */
export function incompatibility({ abi, channelsCount }: Hello): string | undefined {
  if (abi >> 8 !== linkAbi >> 8) {
    return `the firmware speaks link version ${abi >> 8}.${abi & 0xff}, this agent ${linkAbi >> 8}.x`;
  }
  if (channelsCount > linkChannelsMax) return `the firmware has ${channelsCount} channels, at most ${linkChannelsMax}`;
  return undefined;
}

export function refuse(state: SessionState, peer: Hello, detail: string): Step {
  const body = Uint8Array.of(0, nakReason.incompatible);
  const answer = transmit({ type: linkType.nak, seq: 0, body });
  const isKnown = state.phase === 'refused' && state.peer?.abi === peer.abi;
  const effects: readonly SessionEffect[] = isKnown ? [] : [{ kind: 'down', reason: 'incompatible', detail }];
  return { state: { ...state, phase: 'refused', peer, safe: peer.safe }, effects: [...effects, answer] };
}
