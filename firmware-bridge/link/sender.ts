import { linkTriesMax, linkWindowCountMax } from '../limits.ts';
import type { LinkFrame } from './frame.ts';
import { expired, measured, type RoundTrip, resendAfterMs, unmeasured } from './round-trip.ts';

export interface SendOptions {
  /** Goes before everything that waits and is not urgent; what is under way already it cannot overtake. */
  readonly isUrgent?: boolean;
  /** Asked once, when the window has room for it: it goes out, or else is left out. It must neither throw nor send. */
  readonly isWanted?: () => boolean;
}

/** What is to be sent, by the number its owner gave it. */
export interface Parcel extends SendOptions {
  readonly ticket: number;
  readonly type: number;
  readonly body: Uint8Array;
}

interface Sent {
  readonly parcel: Parcel;
  readonly seq: number;
  readonly atMs: number;
  readonly isResent: boolean;
}

/** The sending half of numbered frames: go back N with a window (QN-8.3). A value; the functions below make the next. */
export interface Sender {
  readonly nextSeq: number;
  readonly unacknowledged: readonly Sent[];
  readonly waiting: readonly Parcel[];
  readonly windowCount: number;
  readonly roundTrip: RoundTrip;
  /** Times the oldest one was sent. */
  readonly tries: number;
  /** When the oldest one is sent again; undefined while nothing is under way. */
  readonly dueMs: number | undefined;
}

export interface Sending {
  readonly sender: Sender;
  readonly frames: readonly LinkFrame[];
}

export function newSender(): Sender {
  const nothing = { unacknowledged: [], waiting: [], dueMs: undefined };
  return { ...nothing, nextSeq: 0, windowCount: linkWindowCountMax, roundTrip: unmeasured, tries: 0 };
}

export interface Submitted extends Sending {
  /** Tickets of what was left out. */
  readonly unwanted: readonly number[];
}

/** As many of the waiting as the window takes. */
export function submit(sender: Sender, parcels: readonly Parcel[], nowMs: number): Submitted {
  const inLine = parcels.length === 0 ? sender.waiting : inTurn([...sender.waiting, ...parcels]);
  const roomCount = Math.max(0, sender.windowCount - sender.unacknowledged.length);
  const { chosen, unwanted, waiting } = choose(inLine, roomCount);
  if (chosen.length === 0) return { sender: { ...sender, waiting }, frames: [], unwanted };
  const sent = chosen.map((parcel, index) => {
    return { parcel, seq: (sender.nextSeq + index) & 0xff, atMs: nowMs, isResent: false };
  });
  const isFirst = sender.unacknowledged.length === 0;
  const next = {
    ...sender,
    nextSeq: (sender.nextSeq + sent.length) & 0xff,
    unacknowledged: [...sender.unacknowledged, ...sent],
    waiting,
    tries: isFirst ? 1 : sender.tries,
    dueMs: isFirst ? nowMs + resendAfterMs(sender.roundTrip) : sender.dueMs,
  };
  return { sender: next, frames: sent.map(frameOf), unwanted };
}

/** Urgent ones first, each kind in the order it came. */
function inTurn(waiting: readonly Parcel[]): readonly Parcel[] {
  if (!waiting.some(({ isUrgent }) => isUrgent)) return waiting;
  return [...waiting.filter(({ isUrgent }) => isUrgent), ...waiting.filter(({ isUrgent }) => !isUrgent)];
}

function choose(inLine: readonly Parcel[], roomCount: number) {
  const chosen: Parcel[] = [];
  const unwanted: number[] = [];
  for (const parcel of inLine) {
    if (chosen.length === roomCount) break;
    if (parcel.isWanted?.() === false) unwanted.push(parcel.ticket);
    else chosen.push(parcel);
  }
  return { chosen, unwanted, waiting: inLine.slice(chosen.length + unwanted.length) };
}

export interface Acknowledged {
  readonly sender: Sender;
  readonly tickets: readonly number[];
}

/** Everything up to `seq` arrived. One that names nothing under way changes nothing but the window. */
export function acknowledge(sender: Sender, seq: number, windowCount: number, nowMs: number): Acknowledged {
  // QN-8.3c: a window of 0 would need somebody to open it again.
  const windowed = { ...sender, windowCount: Math.min(Math.max(1, windowCount), linkWindowCountMax) };
  const lastAt = sender.unacknowledged.findIndex((sent) => sent.seq === seq);
  const last = sender.unacknowledged[lastAt];
  if (last === undefined) return { sender: windowed, tickets: [] };
  const done = sender.unacknowledged.slice(0, lastAt + 1);
  const unacknowledged = sender.unacknowledged.slice(lastAt + 1);
  const roundTrip = last.isResent ? sender.roundTrip : measured(sender.roundTrip, nowMs - last.atMs);
  const dueMs = unacknowledged.length === 0 ? undefined : nowMs + resendAfterMs(roundTrip);
  const next = { ...windowed, unacknowledged, roundTrip, tries: 1, dueMs };
  return { sender: next, tickets: done.map(({ parcel }) => parcel.ticket) };
}

/** The other side misses `seq` and threw away what came behind it. */
export function goBack(sender: Sender, seq: number, nowMs: number): Sending {
  if (!sender.unacknowledged.some((sent) => sent.seq === seq)) return { sender, frames: [] };
  return resendAll(sender, nowMs);
}

/** Undefined when the oldest one was sent often enough: the link is down. */
export function resendDue(sender: Sender, nowMs: number): Sending | undefined {
  if (sender.dueMs === undefined || nowMs < sender.dueMs) return { sender, frames: [] };
  if (sender.tries >= linkTriesMax) return undefined;
  return resendAll({ ...sender, tries: sender.tries + 1, roundTrip: expired(sender.roundTrip) }, nowMs);
}

/** Tickets of everything that is not known to have arrived. */
export function outstanding({ unacknowledged, waiting }: Sender): readonly number[] {
  return [...unacknowledged.map(({ parcel }) => parcel.ticket), ...waiting.map(({ ticket }) => ticket)];
}

function resendAll(sender: Sender, nowMs: number): Sending {
  const unacknowledged = sender.unacknowledged.map((sent) => ({ ...sent, isResent: true }));
  const dueMs = nowMs + resendAfterMs(sender.roundTrip);
  return { sender: { ...sender, unacknowledged, dueMs }, frames: unacknowledged.map(frameOf) };
}

function frameOf({ parcel, seq }: Sent): LinkFrame {
  return { type: parcel.type, seq, body: parcel.body };
}
