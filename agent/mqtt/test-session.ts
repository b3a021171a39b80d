import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { TestSession } from '../health/tests/mqtt.ts';
import { silentLog } from '../log.ts';
import type { BrokerEndpoint } from './broker-endpoint.ts';
import type { Connection, Dialer } from './connection.ts';
import type { Link, LinkError } from './link.ts';
import type { AttemptOptions } from './mqtt-attempt.ts';
import { MqttDialer } from './mqtt-dialer.ts';
import { defaultRules } from './mqtt-link.ts';
import { type LinkDependencies, openReconnectingLink } from './reconnecting-link.ts';

export interface TestSessionOptions extends Pick<AttemptOptions, 'password'> {
  readonly brokers: readonly BrokerEndpoint[];
  /** Not the one of the agent: the broker would end its session. */
  readonly clientId: string;
  readonly username?: string;
  readonly keepaliveSeconds: number;
  /** This node may write and read here, and nobody acts on it. */
  readonly topic: string;
}

/**
 * A link like that of the agent, with a client id and a topic of its own, for the self-test. Resolves when it is
 * connected and subscribed, or with the first thing that went wrong. When the signal is aborted everything ends.
 */
export async function openTestSession(
  dependencies: Omit<LinkDependencies, 'log'>,
  options: TestSessionOptions,
  signal: AbortSignal,
): Promise<Result<TestSession, LinkError>> {
  const session = new OwnSession(dependencies, options);
  const end = () => void session[Symbol.asyncDispose]();
  signal.addEventListener('abort', end, { once: true });
  const opened = await session.next('up');
  if (opened.ok) return ok(session);
  await session[Symbol.asyncDispose]();
  return opened;
}

type Event = 'up' | 'heard';

class OwnSession implements TestSession {
  broker = '';
  readonly #link: Link;
  readonly #topic: string;
  #connection: Connection | undefined;
  /** Who waits; one at a time. */
  #waiting: { readonly for: Event; readonly text?: string; resolve(result: Result<void, LinkError>): void } | undefined;

  constructor(dependencies: Omit<LinkDependencies, 'log'>, options: TestSessionOptions) {
    const { topic } = options;
    this.#topic = topic;
    const subscriptions = [{ filter: topic, qos: 1 as const }];
    const dialer = new MqttDialer(dependencies, { ...options, identity: options, subscriptions, rules: defaultRules });
    this.#link = openReconnectingLink({ ...dependencies, log: silentLog }, this.#watched(dialer), {
      onUp: ({ broker }) => {
        this.broker = broker;
        this.#tell('up');
      },
      onDown: (error) => this.#fail(error, 'heard'),
      onTrouble: (error) => this.#fail(error),
      onMessage: ({ payload }) => this.#tell('heard', Buffer.from(payload).toString('utf8')),
    });
  }

  next(event: Event, text?: string): Promise<Result<void, LinkError>> {
    return new Promise((resolve) => {
      this.#waiting = { for: event, resolve, ...(text === undefined ? {} : { text }) };
    });
  }

  roundTrip(text: string): Promise<Result<void, LinkError>> {
    const body = JSON.stringify({ t: 'event', val: { what: 'selftest', text } });
    const heard = this.next('heard', body);
    const message = { topic: this.#topic, payload: Buffer.from(body), qos: 1, retain: false } as const;
    this.#link.publish(message, (done) => {
      if (!done.ok) this.#fail(done.error);
    });
    return heard;
  }

  cutAndComeBack(): Promise<Result<void, LinkError>> {
    const up = this.next('up');
    this.#connection?.abort({ kind: 'closed', detail: `${this.broker}: cut by the self-test` });
    return up;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail({ kind: 'closed', detail: 'the self-test ended' });
    await this.#link[Symbol.asyncDispose]();
  }

  /** Remembers the connection, so that it can be cut as a network does. */
  #watched(dialer: Dialer): Dialer {
    return {
      brokers: () => dialer.brokers(),
      dial: (events) => {
        this.#connection = dialer.dial(events);
        return this.#connection;
      },
    };
  }

  #tell(event: Event, text?: string): void {
    const waiting = this.#waiting;
    if (waiting?.for !== event || waiting.text !== text) return;
    this.#waiting = undefined;
    waiting.resolve(ok());
  }

  /** `only`: just for who waits for this. A link that comes back tells of the cut first. */
  #fail(error: LinkError, only?: Event): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (only !== undefined && waiting.for !== only)) return;
    this.#waiting = undefined;
    waiting.resolve(fail(error));
  }
}
