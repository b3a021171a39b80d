import type { Clock } from '../clock.ts';
import { brokerProbeMissesMax } from '../limits.ts';
import { type HeartbeatRules, jittered, openHeartbeat } from './heartbeat.ts';
import type { LinkError } from './link.ts';
import { silenceError } from './link-error.ts';
import type { MqttConnectionEnd, MqttConnectionEvents, MqttSession } from './mqtt-session.ts';

export interface ProbeDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  /** Begins a session of a client id that nobody else uses, without last will and subscriptions. */
  dial(events: MqttConnectionEvents): MqttSession;
}

export interface ProbeEvents {
  /** Absent `latencyMs`: it let us in, which takes several round trips. */
  answered(latencyMs?: number): void;
  missed(error: LinkError): void;
  /** The session ended, or never began. True: try again at once, in the other version; else it was told as missed. */
  ended(end: MqttConnectionEnd): boolean;
}

/**
 * Finds out how a broker is that is not in use. It lets itself in once and then asks by PINGREQ: two bytes either way,
 * where a new connection each time would cost a fleet of 10 000 boards 2 000 TLS handshakes a second. The price is one
 * idle connection per board, which the broker must be able to hold anyway before anybody may fail over to it.
 */
export function openBrokerProbe(
  { clock, random, dial }: ProbeDependencies,
  rules: HeartbeatRules,
  events: ProbeEvents,
): Disposable {
  let isOpen = true;
  let session: MqttSession | undefined;
  /** What runs just now: the wait, the deadline of the attempt, or the heartbeat. One at a time. */
  let running: Disposable = clock.after(rules.probeMs * random(), attempt);

  function attempt(): void {
    const begun = dial({
      onTrouble() {},
      onMessage() {},
      onUp() {
        running[Symbol.dispose]();
        if (!isOpen) return;
        running = watch(begun);
        events.answered();
      },
      onEnd(end) {
        running[Symbol.dispose]();
        session = undefined;
        if (!isOpen) return;
        const isOtherwise = events.ended(end); // may have disposed of this
        if (!isOpen) return;
        if (isOtherwise) attempt();
        else running = clock.after(jittered(rules.probeMs, random), attempt);
      },
    });
    session = begun;
    running = clock.after(rules.probeTimeoutMs, () => begun.abort(lateError(begun, rules.probeTimeoutMs)));
  }

  function watch(asked: MqttSession): Disposable {
    return openHeartbeat({ clock, random }, rules, (heard) => asked.ping(heard), {
      answered: (latencyMs) => events.answered(latencyMs),
      missed: () => events.missed(silenceError(asked.broker, 1)),
      died: () => asked.abort(silenceError(asked.broker, brokerProbeMissesMax)),
    });
  }

  return {
    [Symbol.dispose]() {
      isOpen = false;
      running[Symbol.dispose]();
      session?.close();
    },
  };
}

function lateError({ broker, waitingFor }: MqttSession, timeoutMs: number): LinkError {
  return { kind: 'timeout', detail: `${broker}: no ${waitingFor} within ${timeoutMs} ms of asking how it is` };
}
