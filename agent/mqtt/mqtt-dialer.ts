import type { Clock } from '../clock.ts';
import { brokerProbeMissesMax, twinDelayMsMax, twinDelayMsMin } from '../limits.ts';
import { type BrokerChoice, type BrokerRules, createBrokerChoice, type Target } from './broker-choice.ts';
import { type BrokerEndpoint, formatBroker } from './broker-endpoint.ts';
import { openBrokerProbe } from './broker-probe.ts';
import type { Connection, ConnectionEnd, ConnectionEvents, Dialer } from './connection.ts';
import { type HeartbeatRules, openHeartbeat } from './heartbeat.ts';
import { unsaidMs } from './limits.ts';
import type { BrokerReport, LinkError } from './link.ts';
import { silenceError, twinError } from './link-error.ts';
import { type AttemptOptions, attemptSession } from './mqtt-attempt.ts';
import type { MqttConnectionEnd, MqttSession } from './mqtt-session.ts';
import { createTwinWatch } from './twin-watch.ts';

export interface DialerOptions extends AttemptOptions {
  readonly brokers: readonly BrokerEndpoint[];
  readonly rules: BrokerRules & HeartbeatRules;
}

export interface DialerDependencies {
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Connects to the broker of choice. With more than one, the one in use and the others are asked how they are for as
 * long as a connection is up; while none is, the attempts themselves tell.
 */
export class MqttDialer implements Dialer {
  readonly #dependencies: DialerDependencies;
  readonly #options: DialerOptions;
  readonly #choice: BrokerChoice;
  readonly #twins = createTwinWatch();
  #isUp = false;
  #isMoving = false;
  #unsaid: { readonly error: LinkError; readonly untilMs: number } | undefined;

  constructor(dependencies: DialerDependencies, options: DialerOptions) {
    this.#dependencies = dependencies;
    this.#options = options;
    this.#choice = createBrokerChoice(options.brokers, options.rules, dependencies.random);
  }

  brokers(): readonly BrokerReport[] {
    const { clock } = this.#dependencies;
    const reports = this.#choice.reports(this.#isUp, clock.wallMs());
    const { error: unsaid, untilMs = 0 } = this.#unsaid ?? {};
    if (unsaid === undefined || clock.monotonicMs() >= untilMs) return reports;
    return reports.map((report) => (report.state === 'in-use' ? { ...report, unsaid } : report));
  }

  dial(events: ConnectionEvents): Connection {
    const { clock } = this.#dependencies;
    const watching = new DisposableStack();
    let upAtMs = Number.POSITIVE_INFINITY;
    const { endpoint } = this.#choice.target;
    const session = attemptSession(clock, this.#choice.target, this.#options, {
      ...events,
      onCertificate: (endMs) => this.#choice.showed(endpoint, endMs),
      onUnsaid: (error) => {
        this.#unsaid = { error, untilMs: clock.monotonicMs() + unsaidMs };
      },
      onUp: (up) => {
        upAtMs = clock.monotonicMs();
        this.#isUp = true;
        this.#choice.cameUp();
        if (this.#options.brokers.length > 1) this.#watch(session, watching);
        events.onUp(up);
      },
      onEnd: (end) => {
        watching.dispose();
        this.#isUp = false;
        this.#unsaid = undefined;
        events.onEnd(this.#judge(end, Math.max(0, clock.monotonicMs() - upAtMs)));
      },
    });
    return session;
  }

  /** What is to be done after a connection ended that was up for `upMs` (0: it never came up). */
  #judge(end: MqttConnectionEnd, upMs: number): ConnectionEnd {
    const { error, how } = end;
    if (this.#isMoving) {
      this.#isMoving = false;
      this.#choice.moved();
      return { error, next: { when: 'at-once' } };
    }
    const { endpoint } = this.#choice.target;
    if (mayNegotiate(this.#choice, endpoint, end)) return { error, next: { when: 'at-once' } };
    if (how === 'taken-over' || how === 'hung-up') {
      const isTwin = this.#twins.ended(how, upMs, this.#dependencies.clock.monotonicMs());
      if (isTwin) return this.#backOffFromTwin(twinError(formatBroker(endpoint), this.#options.identity.clientId, how));
    }
    if (how === 'taken-over') {
      this.#choice.ended(error);
      return { error };
    }
    return { error, next: { when: this.#choice.died(error, upMs) ? 'elsewhere' : 'later' } };
  }

  #backOffFromTwin(error: LinkError): ConnectionEnd {
    this.#choice.ended(error);
    const delayMsMin = twinDelayMsMin + (twinDelayMsMax - twinDelayMsMin) * this.#dependencies.random();
    return { error, next: { when: 'later', delayMsMin } };
  }

  #watch(session: MqttSession, watching: DisposableStack): void {
    const { rules } = this.#options;
    const { endpoint } = this.#choice.target;
    const review = () => this.#review(session, watching);
    const heartbeat = openHeartbeat(this.#dependencies, rules, (heard) => session.ping(heard), {
      answered: (latencyMs) => (this.#choice.answered(endpoint, latencyMs), review()),
      missed: () => (this.#choice.missed(endpoint, silenceError(session.broker, 1)), review()),
      died: () => session.abort(silenceError(session.broker, brokerProbeMissesMax)),
    });
    watching.use(heartbeat);
    for (const other of this.#choice.others) watching.use(this.#probe(other, review));
  }

  #probe({ endpoint }: Target, review: () => void): Disposable {
    const { clock, random } = this.#dependencies;
    const choice = this.#choice;
    const { identity, rules, password } = this.#options;
    const options = { identity: probeIdentity(identity), subscriptions: [], ...(password && { password }) };
    const target = () => choice.others.find((other) => other.endpoint === endpoint) ?? choice.target;
    const dial: Parameters<typeof openBrokerProbe>[0]['dial'] = (events) =>
      attemptSession(clock, target(), options, {
        ...events,
        onCertificate: (endMs) => choice.showed(endpoint, endMs),
      });
    return openBrokerProbe({ clock, random, dial }, rules, {
      answered: (latencyMs) => (choice.answered(endpoint, latencyMs), review()),
      missed: (error) => (choice.missed(endpoint, error), review()),
      ended(end) {
        if (mayNegotiate(choice, endpoint, end)) return true;
        if (isAboutProbe(end.error) && choice.hasServed(endpoint)) choice.answered(endpoint);
        else choice.missed(endpoint, end.error);
        review();
        return false;
      },
    });
  }

  #review(session: MqttSession, watching: DisposableStack): void {
    if (this.#isMoving || !this.#choice.isMoveDue(this.#dependencies.clock.monotonicMs())) return;
    this.#isMoving = true;
    watching.dispose(); // Nobody may change his mind while the goodbye is under way.
    session.leave({ kind: 'closed', detail: `${session.broker}: left for a better broker` });
  }
}

/** True when the same broker may be asked at once in the other version. */
function mayNegotiate(choice: BrokerChoice, broker: BrokerEndpoint, { how }: MqttConnectionEnd): boolean {
  if (how === 'version-refused') return choice.refusedVersion(broker, true);
  return how === 'unanswered' && choice.refusedVersion(broker, false);
}

/** Not the id of the agent: a broker ends the older session of an id, and that is the one that works. */
function probeIdentity({ will: _, ...identity }: AttemptOptions['identity']): AttemptOptions['identity'] {
  return { ...identity, clientId: `${identity.clientId}-probe` };
}

/** A broker that ties the user to one client id refuses the probe, and is well. */
function isAboutProbe({ kind, code }: LinkError): boolean {
  return kind === 'auth' || code === 'client-id-refused';
}
