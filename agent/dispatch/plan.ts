import { fail, type Result } from '../../drivers/contract/result.ts';
import type { Effect } from '../documents/kind.ts';
import type { Row } from '../documents/row.ts';
import type { ClockQuality, Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';

/** What is known about a notify besides its content. */
export interface Arrival {
  readonly isRetained: boolean;
  /** Wall clock now, and how far it can be trusted. */
  readonly nowMs: number;
  readonly clock: ClockQuality;
  /** Milliseconds since it arrived, by the monotonic clock. */
  readonly waitedMs: number;
}

/** Document table + message → effect. Decides; touches nothing. */
export function plan(row: Row, message: Notify, arrival: Arrival): Result<Effect, Refusal> {
  if (arrival.isRetained && row.config.retained !== 'accept') return refuse(message, retainedRefusal(row)); // QN-2.1
  if (isExpired(message, arrival)) return refuse(message, expiredRefusal(message));
  const wrongChannel = channelFault(row, message);
  if (wrongChannel !== undefined) return refuse(message, wrongChannel);
  const effect = row.kind.plan(message.val);
  if (!effect.ok) return refuse(message, effect.error);
  return arrival.isRetained && isOfTheMoment(effect.value) ? refuse(message, momentRefusal) : effect;
}

/** Whatever the document accepts: a restart at every reconnect is meant by nobody, and a piece is one of many. */
function isOfTheMoment(effect: Effect): boolean {
  return effect.do === 'restart' || (effect.do === 'firmware' && !effect.once);
}

const momentRefusal = {
  reason: 'retained',
  detail: 'of a microcontroller only an order to write its program may be retained; publish this without retain',
} as const;

/**
 * Whether the time to live is over (QN-3). Where one of the two clocks is not to be trusted, or there is no stamp, the
 * time is counted from the arrival: then only the wait on this board is known. So it is where the stamp makes the message
 * younger than that: the sender's clock is ahead, or that of the board was put back.
 */
export function isExpired(message: Notify, arrival: Arrival): boolean {
  if (message.ttl === undefined) return false;
  const hasTime = message.ts !== undefined && message.clk !== 'boot' && arrival.clock !== 'boot';
  const stampedMs = hasTime ? arrival.nowMs - message.ts : 0;
  return Math.max(stampedMs, arrival.waitedMs) > message.ttl;
}

function refuse(message: Notify, refusal: Refusal): Result<never, Refusal> {
  return fail(message.id === undefined ? refusal : { ...refusal, id: message.id });
}

function retainedRefusal({ name, config }: Row): Refusal {
  const place = config.driver === 'mcu-channel' ? name.replace(/\.[^.]+$/, '.channels$&') : name;
  const detail = `a retained command would be replayed at every reconnect; publish it without retain, or set documents.${place}.retained to accept`;
  return { reason: 'retained', detail };
}

export function expiredRefusal(message: Notify): Refusal {
  return { reason: 'expired', detail: `older than its ttl of ${message.ttl} ms; nothing was done` };
}

/** Channel 0 means "the topic says it" (QN-3.3). */
function channelFault(row: Row, message: Notify): Refusal | undefined {
  const channel = message.compact?.channel;
  if (channel === undefined || channel === 0 || channel === row.config.number) return undefined;
  const own = row.config.number === undefined ? 'no number' : `number ${row.config.number}`;
  return {
    reason: 'unknown-document',
    detail: `channel ${channel} is not ${row.name}, which has ${own}; see state/channels`,
  };
}
