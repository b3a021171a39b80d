import { isTerminal } from '../dispatch/lifecycle.ts';
import type { Speech } from '../documents/publisher.ts';
import type { Value } from '../qn/message.ts';
import { EventRing, type HappeningKind } from './event-ring.ts';
import type { KeptEvents } from './kept-events.ts';
import type { LogSequence } from './log-sequence.ts';

/** What happened on this node: each thing gets its log sequence number, and a place in the ring. */
export interface Chronicle {
  readonly ring: EventRing;
  /** The number of the latest. */
  readonly last: number;
  /** Returns its number. */
  note(kind: HappeningKind, document: string, value: Value, trace?: string): number;
  /** Hands to the store what is to outlive the agent; for its end. */
  flush(): void;
  /** Of what is said: events and the ends of commands. Returns the message with its number, where it has one. */
  hear(speech: Speech): Speech;
}

/** `kept`: where the latest outlive the agent; absent: nowhere. */
export function createChronicle(sequence: LogSequence, kept?: KeptEvents): Chronicle {
  const ring = new EventRing();
  ring.restore(kept?.read() ?? []);

  function note(kind: HappeningKind, document: string, value: Value, trace?: string): number {
    const stamp = sequence.next();
    const noted = ring.note({ stamp, kind, document, value, ...(trace === undefined ? {} : { trace }) });
    kept?.keep(noted);
    return stamp.lsn;
  }

  return {
    ring,
    get last() {
      return sequence.last;
    },
    note,
    flush: () => kept?.flush(),
    hear(speech) {
      const { message, to } = speech;
      if ('topic' in to) return speech; // The same is said on a topic of ours, or is an answer.
      if (message.t === 'event') {
        return { ...speech, message: { ...message, lsn: note('event', to.document, message.val, message.tr) } };
      }
      if (message.t === 'ack' && isTerminal(message.st)) {
        const { st: status, why, detail } = message;
        const value = { status, ...(why === undefined ? {} : { why }), ...(detail === undefined ? {} : { detail }) };
        note('command', to.document, value, message.tr);
      }
      return speech;
    },
  };
}
