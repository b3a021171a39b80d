import {
  decodeChannel,
  decodeHello,
  decodeLog,
  decodePong,
  type Hello,
  type SafeReason,
  safeReasonOf,
} from './bodies.ts';
import { withSample } from './clock-offset.ts';
import { isCutCompact, type LinkFrame, linkType } from './frame.ts';
import { takeAnswer, takeNumbered } from './numbered.ts';
import { complete, incompatibility, join, lose, refuse, repeatWelcome, welcome } from './session-life.ts';
import {
  counted,
  followed,
  isJoined,
  post,
  type SessionEffect,
  type SessionState,
  type Step,
  settle,
  transmit,
} from './session-state.ts';

/** What a frame from the microcontroller does to the agent's side of the link. */
export function takeFrame(state: SessionState, frame: LinkFrame, nowMs: number): Step {
  switch (frame.type) {
    case linkType.hello:
      return takeHello(state, frame, nowMs);
    case linkType.channel:
    case linkType.data:
      return isJoined(state) ? takeNumberedFrame({ ...state, heardMs: nowMs }, frame) : stale(state);
    case linkType.ack:
    case linkType.nak:
    case linkType.pong:
    case linkType.safe:
    case linkType.log:
      return takeSessionFrame(state, frame, nowMs);
    default:
      return { state: counted(state, 'malformed'), effects: [] };
  }
}

function stale(state: SessionState): Step {
  return { state: counted(state, 'stale'), effects: [] };
}

function takeHello(state: SessionState, frame: LinkFrame, nowMs: number): Step {
  const peer = decodeHello(frame.body);
  if (peer === undefined) return { state: counted(state, 'malformed'), effects: [] };
  // Its answer to our last WELCOME is not there yet: the same session.
  if (state.phase === 'welcoming' && state.peer?.nonce === peer.nonce) return repeatWelcome(state, peer, nowMs);
  const ended = isJoined(state)
    ? lose(state, 'restarted', `the microcontroller began anew, its outputs being safe because of ${peer.safe}`)
    : { state, effects: [] };
  const problem = incompatibility(peer);
  return followed(ended, (next) => {
    return problem === undefined ? welcome(next, peer, nowMs) : refuse(next, peer, problem);
  });
}

/** Frames that carry the number of the session; the first one answers WELCOME. */
function takeSessionFrame(state: SessionState, frame: LinkFrame, nowMs: number): Step {
  const { peer, phase, numbered } = state;
  if (frame.seq !== numbered.session || peer === undefined) return stale(state);
  if (phase === 'welcoming') return followed(join(state, peer, nowMs), (next) => takeJoined(next, frame, nowMs));
  return isJoined(state) ? takeJoined({ ...state, heardMs: nowMs }, frame, nowMs) : stale(state);
}

function takeJoined(state: SessionState, frame: LinkFrame, nowMs: number): Step {
  switch (frame.type) {
    case linkType.pong:
      return takePong(state, frame, nowMs);
    case linkType.safe:
      return nowSafe(state, safeReasonOf(frame.body[0]));
    case linkType.log:
      return { state, effects: [{ kind: 'log', ...decodeLog(frame.body) }] };
    default:
      return takeAckOrNak(state, frame, nowMs);
  }
}

function takeNumberedFrame(state: SessionState, frame: LinkFrame): Step {
  if (isCutCompact(frame)) return { state: counted(state, 'malformed'), effects: [] };
  const { numbered, frames, arrival } = takeNumbered(state.numbered, frame.seq);
  const next = { ...state, numbered };
  const answers = frames.map(transmit);
  if (arrival !== 'next') {
    return { state: counted(next, arrival === 'gap' ? 'gaps' : 'duplicates'), effects: answers };
  }
  const { peer } = state;
  if (frame.type === linkType.channel && peer !== undefined) return takeChannel(next, frame, peer, answers);
  if (state.phase !== 'up') return { state: counted(next, 'stale'), effects: answers };
  const delivered: SessionEffect = { kind: 'deliver', body: frame.body };
  return { state: counted(next, 'delivered'), effects: [...answers, delivered] };
}

function takeChannel(state: SessionState, frame: LinkFrame, peer: Hello, answers: readonly SessionEffect[]): Step {
  const channel = decodeChannel(frame.body);
  const told = { ...state, channelsToldCount: state.channelsToldCount + 1 };
  if (channel === undefined) return complete({ state: counted(told, 'malformed'), effects: answers }, peer);
  const effects: readonly SessionEffect[] = [...answers, { kind: 'channel', channel }];
  return complete({ state: { ...told, channels: [...state.channels, channel] }, effects }, peer);
}

function takeAckOrNak(state: SessionState, frame: LinkFrame, nowMs: number): Step {
  const { numbered, frames, tickets } = takeAnswer(state.numbered, frame, nowMs);
  const counts = counted(counted({ ...state, numbered }, 'acknowledged', tickets.length), 'resent', frames.length);
  const first = { state: counts, effects: [...settle(tickets, 'acknowledged'), ...frames.map(transmit)] };
  return followed(first, (next) => post(next, [], nowMs)); // The window moved.
}

function takePong(state: SessionState, frame: LinkFrame, nowMs: number): Step {
  const pong = decodePong(frame.body);
  if (pong === undefined) return { state: counted(state, 'malformed'), effects: [] };
  const pingMs = (Math.trunc(nowMs) - pong.ms) >>> 0;
  const clockSamples =
    pong.deviceMs === undefined
      ? state.clockSamples
      : withSample(state.clockSamples, nowMs - pingMs, nowMs, pong.deviceMs);
  return nowSafe({ ...state, pingMs, clockSamples }, pong.safe); // A SAFE that was lost on the way is made good here.
}

function nowSafe(state: SessionState, safe: SafeReason): Step {
  if (safe === state.safe) return { state, effects: [] };
  return { state: { ...state, safe }, effects: [{ kind: 'safe', reason: safe }] };
}
