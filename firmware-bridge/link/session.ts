import { linkUrgentCountMax, linkWaitingCountMax, linkWelcomesMax } from '../limits.ts';
import { resetScope } from './bodies.ts';
import { linkType } from './frame.ts';
import { resendDue } from './sender.ts';
import { takeFrame } from './session-frame.ts';
import { lose, ping, repeatWelcome, resetFrame, safeEffects, seek } from './session-life.ts';
import {
  counted,
  followed,
  isJoined,
  post,
  type SendOutcome,
  type SessionInput,
  type SessionState,
  type Step,
  settle,
  transmit,
} from './session-state.ts';

/**
 * The agent's side of the link to a microcontroller, QN-8, as a function: what happened, and when, gives the next state
 * and what is to be done. It knows no port and no clock; bridge.ts has those. Time never runs backwards.
 */
export function stepSession(state: SessionState, input: SessionInput, nowMs: number): Step {
  switch (input.kind) {
    case 'begin':
      return seek(state, nowMs);
    case 'frame':
      return takeFrame(state, input.frame, nowMs);
    case 'send':
      return send(state, input, nowMs);
    case 'safe':
      return wantSafe(state, input.isWanted);
    case 'restart':
      return { state, effects: [transmit(resetFrame(state, resetScope.microcontroller))] };
    case 'tick':
      return isJoined(state) ? tickJoined(state, nowMs) : tickGreeting(state, nowMs);
  }
}

/** When the next tick is due. */
export function sessionDueMs(state: SessionState): number {
  if (!isJoined(state)) return state.phase === 'refused' ? Number.POSITIVE_INFINITY : state.greetDueMs;
  const silentMs = state.heardMs + state.watchdogMs;
  return Math.min(state.pingDueMs, silentMs, state.numbered.sender.dueMs ?? Number.POSITIVE_INFINITY);
}

type Sending = Extract<SessionInput, { kind: 'send' }>;

function send(state: SessionState, input: Sending, nowMs: number): Step {
  const { ticket, body, isUrgent = false, isWanted = () => true } = input;
  const refuse = (outcome: SendOutcome): Step => ({ state, effects: settle([ticket], outcome) });
  if (state.phase !== 'up' || state.peer === undefined) return refuse('down');
  if (body.length > state.peer.bodyBytesMax) return refuse('too-large');
  const waitingCountMax = linkWaitingCountMax + (isUrgent ? linkUrgentCountMax : 0);
  if (state.numbered.sender.waiting.length >= waitingCountMax) return refuse('busy');
  return post(state, [{ ticket, type: linkType.data, body, isUrgent, isWanted }], nowMs);
}

/** At once, past everything that waits for the window. */
function wantSafe(state: SessionState, isSafeWanted: boolean): Step {
  const next = { ...state, isSafeWanted };
  return { state: next, effects: isJoined(state) ? safeEffects(next) : [] };
}

function tickGreeting(state: SessionState, nowMs: number): Step {
  if (state.phase === 'refused' || nowMs < state.greetDueMs) return { state, effects: [] };
  const { phase, peer, welcomesCount } = state;
  const isWelcoming = phase === 'welcoming' && peer !== undefined && welcomesCount < linkWelcomesMax;
  return isWelcoming ? repeatWelcome(state, peer, nowMs) : seek(state, nowMs);
}

function tickJoined(state: SessionState, nowMs: number): Step {
  if (nowMs >= state.heardMs + state.watchdogMs) {
    const detail = `the microcontroller answered no PING for ${state.watchdogMs} ms`;
    return followed(lose(state, 'silent', detail), (next) => seek(next, nowMs));
  }
  const resent = resendDue(state.numbered.sender, nowMs);
  if (resent === undefined) {
    const detail = `the microcontroller acknowledged nothing in ${state.numbered.sender.tries} tries`;
    return followed(lose(state, 'no-ack', detail), (next) => seek(next, nowMs));
  }
  const numbered = { ...state.numbered, sender: resent.sender };
  const next = counted({ ...state, numbered }, 'resent', resent.frames.length);
  const first = { state: next, effects: resent.frames.map(transmit) };
  return nowMs < state.pingDueMs ? first : followed(first, (later) => ping(later, nowMs));
}
