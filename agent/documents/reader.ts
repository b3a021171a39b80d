import { readerEpochsCount, versionGapMax } from '../limits.ts';
import type { Delta, Message, Value } from '../qn/message.ts';
import { applyMergePatch } from '../qn/value.ts';

/*
 * Keeps a copy of one document, whatever the way does to the messages: loses, doubles, delays, reorders them. The copy is
 * always a value the owner had; either it is the newest one heard of, or the reader is stale and asks (QN-5.5, QN-5.6).
 *
 * Epochs are compared for equality only: an owner whose clock is wrong may choose a lower one than before. So only the
 * answer to our own query moves the reader to another epoch, and only if nothing else was learnt since it was sent.
 */

export interface Known {
  readonly epoch: bigint;
  readonly version: number;
  readonly value: Value;
}

export interface ReaderState {
  readonly known?: Known;
  /** The highest version heard of in the known epoch. */
  readonly toldVersion: number;
  /** Id of the query that waits for its answer. */
  readonly asked?: bigint;
  /** Something was heard, or missed, that only an answer explains: to the query that is under way, or to the next one. */
  readonly doubt: 'none' | 'asked' | 'since';
  /** The known epoch was believed without asking, after the query that is under way was sent. */
  readonly isBelieved: boolean;
  /** Epochs heard that are not the known one; which is newer nobody said yet. */
  readonly foreign: readonly bigint[];
  /** Epochs that are over. */
  readonly retired: readonly bigint[];
}

/** What to send to `query/<document>`. With `since` a Delta from there is as good as a Snapshot (QN-5.2). */
export interface Ask {
  readonly since?: { readonly epoch: bigint; readonly version: number };
}

export interface ReaderStep {
  readonly state: ReaderState;
  /** Send this now, and tell `asked` its id. Never while another query is under way. */
  readonly ask?: Ask;
}

/** Knows nothing. It believes the first Snapshot it hears; call `doubt` to have it ask at once. */
export const emptyReader: ReaderState = { toldVersion: 0, doubt: 'none', isBelieved: false, foreign: [], retired: [] };

/** Whether the owner may have a newer value than the known one, as far as anybody could tell. */
export function isStale({ known, toldVersion, doubt }: ReaderState): boolean {
  return known === undefined || toldVersion > known.version || doubt !== 'none';
}

/** A message of the document, from whatever topic. Those without epoch and version say nothing about it. */
export function read(state: ReaderState, message: Message): ReaderStep {
  if (message.t !== 'snapshot' && message.t !== 'delta') return { state };
  const { ep: epoch, ver: version, id } = message;
  if (epoch === undefined || version === undefined || state.retired.includes(epoch)) return { state };
  const isAnswer = id !== undefined && id === state.asked;
  if (message.t === 'delta') return askIfStale(readDelta(isAnswer ? answered(state) : state, message, epoch, version));
  const heard = { epoch, version, value: message.val };
  return askIfStale(isAnswer ? readAnswer(state, heard) : readSnapshot(state, heard));
}

/** Messages may have been missed: a connection broke, an owner was silent for longer than it promised. */
export function doubt(state: ReaderState): ReaderStep {
  return askIfStale({ ...state, doubt: 'since' });
}

/** For who did not send what was asked for: asks for it again. */
export function askIfStale(state: ReaderState): ReaderStep {
  if (state.asked !== undefined || !isStale(state)) return { state };
  const { known, toldVersion } = state;
  const isNear = known !== undefined && state.doubt === 'none' && toldVersion - known.version <= versionGapMax; // QN-5.2
  return { state, ask: isNear ? { since: { epoch: known.epoch, version: known.version } } : {} };
}

/** The query was sent, with this id; its answer carries it (QN-2.3a). */
export function asked(state: ReaderState, id: bigint): ReaderState {
  return { ...state, asked: id, doubt: state.doubt === 'none' ? 'none' : 'asked', isBelieved: false };
}

/** No answer came in time; when it does come, it is a message like any other. */
export function unanswered(state: ReaderState): ReaderStep {
  const { asked: _, ...rest } = state;
  return askIfStale({ ...rest, doubt: state.doubt === 'none' ? 'none' : 'since' });
}

function readSnapshot(state: ReaderState, heard: Known): ReaderState {
  if (state.known === undefined) return { ...take(state, heard), isBelieved: true };
  return state.known.epoch === heard.epoch ? take(state, heard) : suspect(state, heard.epoch);
}

function readDelta(state: ReaderState, { base, val }: Delta, epoch: bigint, version: number): ReaderState {
  const { known } = state;
  if (known?.epoch !== epoch) return suspect(state, epoch);
  if (version <= known.version) return state; // QN-5.2
  if (base === known.version) return take(state, { epoch, version, value: applyMergePatch(known.value, val) });
  return { ...state, toldVersion: Math.max(state.toldVersion, version) }; // Also one that begins below our version.
}

function readAnswer(state: ReaderState, heard: Known): ReaderState {
  const { known, isBelieved } = state;
  const isMoving = known !== undefined && known.epoch !== heard.epoch;
  if (isMoving && isBelieved) return suspect(answered(state), heard.epoch); // Which of the two is newer: ask again.
  const over = state.doubt === 'since' ? [] : state.foreign; // Heard before the query was sent, so older than its answer.
  const retired = [...over, ...(isMoving ? [known.epoch] : [])].filter((epoch) => epoch !== heard.epoch);
  return take({ ...answered(state), retired: keepNewest([...state.retired, ...retired]) }, heard);
}

/** The query is not under way any more; what was in doubt when it was sent is settled. */
function answered(state: ReaderState): ReaderState {
  const { asked: _, ...rest } = state;
  const isSettled = state.doubt !== 'since';
  return { ...rest, doubt: isSettled ? 'none' : 'since', foreign: isSettled ? [] : state.foreign };
}

/** Within an epoch the copy only goes forward. */
function take(state: ReaderState, heard: Known): ReaderState {
  const isSame = state.known?.epoch === heard.epoch;
  const toldVersion = isSame ? Math.max(state.toldVersion, heard.version) : heard.version;
  const isOlder = isSame && heard.version <= (state.known?.version ?? 0);
  return { ...state, toldVersion, ...(isOlder ? {} : { known: heard }) };
}

function suspect(state: ReaderState, epoch: bigint): ReaderState {
  const foreign = state.foreign.includes(epoch) ? state.foreign : keepNewest([...state.foreign, epoch]);
  return { ...state, foreign, doubt: 'since' };
}

/** A forgotten epoch costs one more query when something of it comes late. */
function keepNewest(epochs: readonly bigint[]): readonly bigint[] {
  return [...new Set(epochs)].slice(-readerEpochsCount);
}
