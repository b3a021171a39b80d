import type { BridgeCounters } from '../../../firmware-bridge/link/bridge.ts';
import type { Value } from '../../qn/message.ts';

/** The counters of a link as the health report has them (QN-6.1: units in the names). */
export function describeLink({ session, received, transmitted, pingMs, clock }: BridgeCounters): {
  readonly [key: string]: Value;
} {
  return {
    sessions: session.sessions,
    frames: { received: received.frames, sent: transmitted.frames, unsent: transmitted.dropped },
    discarded: { frames: received.discardedFrames, bytes: received.discardedBytes },
    numbered: {
      delivered: session.delivered,
      acknowledged: session.acknowledged,
      resent: session.resent,
      duplicates: session.duplicates,
      gaps: session.gaps,
      stale: session.stale,
      malformed: session.malformed,
    },
    ...(pingMs === undefined ? {} : { ping_ms: pingMs }),
    ...(clock === undefined
      ? {}
      : { clock_offset_ms: Math.round(clock.offsetMs), clock_error_ms: Math.round(clock.errorMs * 10) / 10 }),
  };
}
