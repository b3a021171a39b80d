import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { crypto } from '../late-modules.ts';
import { sendWindowCount } from '../limits.ts';
import { silentLog } from '../log.ts';
import { parseBrokerUrl } from '../mqtt/broker-endpoint.ts';
import type { InboundMessage, Link, LinkError, OutboundMessage } from '../mqtt/link.ts';
import { openMqttLink } from '../mqtt/mqtt-link.ts';
import type { Message } from '../qn/message.ts';
import { brokerAdvice } from './broker-advice.ts';
import type { Inbox } from './inbox.ts';
import { decodeAny } from './message-text.ts';
import { type Target, targetOf } from './target.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionHelp, type OptionValues } from './verb.ts';

/** Options of every verb that talks to a broker. */
export function timeoutOption(help: string): OptionHelp {
  return { type: 'string', placeholder: 'DURATION', help };
}

export const sessionOptions: { readonly [name: string]: OptionHelp } = {
  url: { type: 'string', placeholder: 'URL', help: 'broker (default $QN_URL or mqtt://127.0.0.1:1883)' },
  root: { type: 'string', placeholder: 'TOPIC', help: 'topic root (default $QN_ROOT or qn/1)' },
  username: { type: 'string', placeholder: 'NAME', help: 'user at the broker (default $QN_USERNAME)' },
  password: { type: 'string', placeholder: 'file:PATH|env:NAME', help: 'where the password is (default $QN_PASSWORD)' },
  ca: { type: 'string', placeholder: 'FILE', help: 'PEM; trusted instead of the system (default $QN_CA)' },
  cert: { type: 'string', placeholder: 'FILE', help: 'PEM; own certificate (default $QN_CERT)' },
  'cert-key': { type: 'string', placeholder: 'FILE', help: 'PEM; the key of it (default $QN_CERT_KEY)' },
  timeout: timeoutOption('how long to wait for an answer (default 5s)'),
  json: { type: 'boolean', help: 'one JSON object a line' },
};

const quietMsMin = 500;
/** As much as a socket is read at a time: nothing else waits here. */
const readBytesMax = 65_536;

export interface Session extends AsyncDisposable {
  readonly root: string;
  /** A node name of this process alone, for reply topics and as source. */
  readonly name: string;
  readonly timeoutMs: number;
  /**
   * Retained messages follow the subscription at once; after so long without one they are complete. As long as connecting
   * took: a slow line has gaps.
   */
  readonly quietMs: number;
  publish(message: OutboundMessage): Promise<Result<void, LinkError>>;
}

export interface SessionHandlers {
  /** Of the subscriptions; 1 if not said otherwise. */
  readonly qos?: 0 | 1;
  onMessage(message: InboundMessage): void;
  /** The connection broke, and the user was told. Nothing more will come. */
  onLost(): void;
  /** The broker does not let us hear some of it. Absent: then the verb cannot do its work. */
  onDeaf?(): void;
}

/** Connects once and subscribes; every way it can fail is told to the user here, and ends in an exit code. */
export async function openSession(
  context: CliContext,
  options: OptionValues,
  filtersOf: (names: { readonly root: string; readonly name: string }) => readonly string[],
  handlers: SessionHandlers,
): Promise<Result<Session, ExitCode>> {
  const target = targetOf(context, options);
  if (!target.ok) {
    context.err(`qnctl: ${target.error}`);
    return fail(exitCodes.usage);
  }
  const { root, timeoutMs } = target.value;
  const name = `qnctl-${crypto().randomBytes(4).toString('hex')}`;
  const filters = filtersOf({ root, name });
  const startMs = context.clock.monotonicMs();
  const connected = await connect(context, target.value, name, filters, handlers);
  const tookMs = context.clock.monotonicMs() - startMs;
  if (!connected.ok) {
    context.err(`qnctl: ${connected.error}`);
    return fail(exitCodes.unavailable);
  }
  const { link, windowCount } = connected.value;
  return ok({
    root,
    name,
    timeoutMs,
    quietMs: Math.min(Math.max(quietMsMin, tookMs), timeoutMs),
    publish: windowed(
      windowCount,
      (message) => new Promise((resolve) => link.publish(message, (published) => resolve(withRights(published)))),
    ),
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  });
}

function withRights(published: Result<void, LinkError>): Result<void, LinkError> {
  if (published.ok || published.error.kind !== 'auth') return published;
  const rights = 'may this user write there? qn-agent topics --acl says which rights it needs';
  return fail({ ...published.error, detail: `${published.error.detail}; ${rights}` });
}

/** Link and broker take so many at a time; the others wait for their turn, as many as the caller has. */
function windowed(windowCount: number, publish: Session['publish']): Session['publish'] {
  const turns: (() => void)[] = [];
  let underWayCount = 0;
  return async (message) => {
    if (underWayCount >= windowCount) await new Promise<void>((resolve) => turns.push(resolve));
    else underWayCount += 1;
    const published = await publish(message);
    const next = turns.shift();
    if (next === undefined) underWayCount -= 1;
    else next();
    return published;
  };
}

/** Every message that can be decoded, for a command that waits for some of them. */
export function hearInto(inbox: Inbox<Message>, clock: Clock): SessionHandlers {
  return {
    onMessage({ payload }) {
      const decoded = decodeAny(payload, clock.wallMs());
      if (decoded.ok) inbox.add(decoded.value);
    },
    onLost: () => inbox.close(),
  };
}

/** A broker that breaks off or refuses a message: it is not known whether the node got it. */
export function tellUnpublished(context: CliContext, { detail }: LinkError): ExitCode {
  context.err(`qnctl: not published: ${detail}`);
  return exitCodes.unavailable;
}

interface Connected {
  readonly link: Link;
  /** Publishes under way at a time. */
  readonly windowCount: number;
}

function connect(
  { clock, random, signal, err }: CliContext,
  target: Target,
  name: string,
  filters: readonly string[],
  { qos = 1, onMessage, onLost, onDeaf }: SessionHandlers,
): Promise<Result<Connected, string>> {
  const endpoint = parseBrokerUrl(target.url);
  if (endpoint === undefined) return Promise.resolve(fail(`not a broker url: ${target.url}`));
  const { username, password } = target;
  return new Promise((resolve) => {
    const giveUp = (detail: string) => {
      void link[Symbol.asyncDispose]();
      resolve(fail(detail));
    };
    const link = openMqttLink(
      { clock, random, log: silentLog },
      {
        brokers: [{ ...endpoint, weight: 1, credentials: target.credentials }],
        clientId: name,
        keepaliveSeconds: 30,
        sliceBytes: readBytesMax, // Whatever is slow to read, a broker throws away.
        subscriptions: filters.map((filter) => ({ filter, qos })),
        ...(username === undefined ? {} : { username }),
        ...(password === undefined ? {} : { password: () => ok(password) }),
      },
      {
        onUp: ({ receiveMaximum }) => resolve(ok({ link, windowCount: Math.min(receiveMaximum, sendWindowCount) })),
        onDown({ detail }) {
          err(`qnctl: ${detail}`);
          void link[Symbol.asyncDispose]();
          onLost();
        },
        onTrouble(error) {
          if (error.kind === 'subscribe' && onDeaf !== undefined) return onDeaf();
          const advice = brokerAdvice(target.url, error);
          giveUp(advice === undefined ? error.detail : `${error.detail}; ${advice}`);
        },
        onMessage,
      },
    );
    signal.addEventListener('abort', () => giveUp('interrupted'), { once: true });
  });
}
