import { linkWindowCountMax } from '../limits.ts';
import { nakReason } from './bodies.ts';
import { type LinkFrame, linkType } from './frame.ts';
import { arrivalOf, lastSeq, newReceiver, type Receiver, received } from './receiver.ts';
import { acknowledge, goBack, newSender, type Sender } from './sender.ts';

/** Both halves of the numbered frames of one session: what an agent and a microcontroller do alike. A value. */
export interface Numbered {
  /** 1–255, chosen by the agent; header of every frame that has no sequence number (QN-8.3a). */
  readonly session: number;
  readonly sender: Sender;
  readonly receiver: Receiver;
}

export function newNumbered(session: number): Numbered {
  return { session, sender: newSender(), receiver: newReceiver };
}

export interface Taken {
  readonly numbered: Numbered;
  /** What is to be answered at once. */
  readonly frames: readonly LinkFrame[];
}

export interface TakenFrame extends Taken {
  readonly arrival: 'next' | 'duplicate' | 'gap';
}

/** CHANNEL and DATA. Only `next` is for the owner; everything is answered here. */
export function takeNumbered(numbered: Numbered, seq: number): TakenFrame {
  const arrival = arrivalOf(numbered.receiver, seq);
  const next = { ...numbered, receiver: received(numbered.receiver, arrival) };
  if (arrival === 'gap-told') return { numbered: next, frames: [], arrival: 'gap' };
  return { numbered: next, frames: [arrival === 'gap' ? gapFrame(next) : ackFrame(next)], arrival };
}

export interface TakenAnswer extends Taken {
  /** Parcels that arrived. */
  readonly tickets: readonly number[];
}

/** ACK and NAK. One that is too short or has another reason is nothing. */
export function takeAnswer(numbered: Numbered, { type, body }: LinkFrame, nowMs: number): TakenAnswer {
  const [seq, second] = body;
  if (seq === undefined || second === undefined) return { numbered, frames: [], tickets: [] };
  if (type === linkType.ack) {
    const { sender, tickets } = acknowledge(numbered.sender, seq, second, nowMs);
    return { numbered: { ...numbered, sender }, frames: [], tickets };
  }
  if (second !== nakReason.versionGap) return { numbered, frames: [], tickets: [] };
  const before = acknowledge(numbered.sender, (seq - 1) & 0xff, numbered.sender.windowCount, nowMs);
  const { sender, frames } = goBack(before.sender, seq, nowMs);
  return { numbered: { ...numbered, sender }, frames, tickets: before.tickets };
}

export function ackFrame({ session, receiver }: Numbered): LinkFrame {
  return { type: linkType.ack, seq: session, body: Uint8Array.of(lastSeq(receiver), linkWindowCountMax) };
}

function gapFrame({ session, receiver }: Numbered): LinkFrame {
  return { type: linkType.nak, seq: session, body: Uint8Array.of(receiver.expectedSeq, nakReason.versionGap) };
}
