import { ok, type Result } from '../../../drivers/contract/result.ts';
import { isTerminal } from '../../dispatch/lifecycle.ts';
import type { Ack, Message, Value } from '../../qn/message.ts';
import { encodeMessage } from '../../qn/registry.ts';
import { createIdSource } from '../../qn/snowflake.ts';
import { formatTopic } from '../../qn/topic.ts';
import type { SigningKey } from '../../trust/key-file.ts';
import { Inbox } from '../inbox.ts';
import { decodeAny } from '../message-text.ts';
import { openSession } from '../session.ts';
import type { CliContext, ExitCode, OptionValues } from '../verb.ts';

/** One document of one node, commanded several times over one connection. */
export interface Conversation extends AsyncDisposable {
  readonly timeoutMs: number;
  /** The connection broke. */
  readonly isLost: boolean;
  /** Its value; undefined: no answer in time, or a refusal, which was told. */
  ask(): Promise<Value | undefined>;
  /** The last ack; undefined: no ack in time, none for `withinMs` after the first one, or the connection broke. */
  command(value: Value, how: CommandOptions): Promise<Ack | undefined>;
  /** Takes back what is retained for the document. */
  forget(): Promise<void>;
}

export interface CommandOptions {
  readonly withinMs: number;
  /** With the key of the conversation, if it has one. */
  readonly isSigned?: boolean;
  /** The broker keeps it for a node that is away. */
  readonly isRetained?: boolean;
  readonly onEvent?: (value: Value) => void;
}

/** An order must reach its node within this time; a restart of the node in between does not matter. */
const tokenLifeMs = 600_000;
/** The same for one that waits at the broker. */
const retainedLifeMs = 90 * 86_400_000;

const signer = () => import('../../trust/signer.ts');

export async function openConversation(
  context: CliContext,
  options: OptionValues,
  { node, document, key }: { readonly node: string; readonly document: string; readonly key?: SigningKey },
): Promise<Result<Conversation, ExitCode>> {
  const inbox = new Inbox<Message>(context);
  const verbs = ['state', 'ack', 'event'] as const;
  const filtersOf = ({ root }: { readonly root: string }) =>
    verbs.map((verb) => formatTopic(root, node, verb, document));
  const opened = await openSession(context, options, filtersOf, {
    onMessage({ topic, payload, retain }) {
      const decoded = decodeAny(payload, context.clock.wallMs(), topic);
      if (decoded.ok && !retain) inbox.add(decoded.value); // What is retained may be of an earlier life.
    },
    onLost: () => inbox.close(),
  });
  if (!opened.ok) return opened;
  const session = opened.value;
  const ids = createIdSource({ clock: context.clock, nodeName: session.name });
  const publish = async (verb: 'query' | 'notify', message: Message, retain = false) => {
    const encoded = encodeMessage(message, 'cbor');
    if (!encoded.ok) throw new Error(encoded.error.detail);
    const topic = formatTopic(session.root, node, verb, document);
    return (await session.publish({ topic, payload: encoded.value.bytes, qos: 1, retain })).ok;
  };
  /** What `pick` makes of a message; undefined: nothing did in time. */
  const hear = async <Found>(untilMs: () => number, pick: (message: Message) => Found | undefined) => {
    for (;;) {
      const message = await inbox.next(untilMs() - context.clock.monotonicMs());
      if (message === undefined) return undefined;
      const found = pick(message);
      if (found !== undefined) return found;
    }
  };
  return ok({
    timeoutMs: session.timeoutMs,
    get isLost() {
      return inbox.isClosed;
    },
    async ask() {
      const id = ids.next();
      await publish('query', { t: 'query', id });
      const isAnswer = (message: Message) =>
        (message.t === 'snapshot' || message.t === 'ack') && message.id === id ? message : undefined;
      const untilMs = context.clock.monotonicMs() + session.timeoutMs;
      const answer = await hear(() => untilMs, isAnswer);
      if (answer?.t === 'snapshot') return answer.val;
      if (answer?.t === 'ack') context.err(`qnctl: ${node}: ${answer.why ?? answer.st}: ${answer.detail ?? ''}`);
      return undefined;
    },
    async command(value, { withinMs, isSigned = false, isRetained = false, onEvent = () => {} }) {
      const id = ids.next();
      const stamp = { id, src: session.name, ts: context.clock.wallMs(), clk: 'estimated' } as const;
      const plain = { t: 'notify', ...stamp, val: value } as const;
      const lifeMs = isRetained ? retainedLifeMs : tokenLifeMs;
      const signing = { target: node, document, issuedMs: stamp.ts, lifeMs };
      const message = isSigned && key !== undefined ? await (await signer()).signNotify(plain, key, signing) : plain;
      if (!(await publish('notify', message, isRetained))) return undefined;
      let untilMs = context.clock.monotonicMs() + session.timeoutMs;
      return await hear(
        () => untilMs,
        (message) => {
          if (message.t === 'event' && message.val !== undefined) onEvent(message.val);
          if (message.t !== 'ack' || message.id !== id) return undefined;
          untilMs = context.clock.monotonicMs() + withinMs;
          return isTerminal(message.st) ? message : undefined;
        },
      );
    },
    async forget() {
      const topic = formatTopic(session.root, node, 'notify', document);
      await session.publish({ topic, payload: new Uint8Array(), qos: 1, retain: true });
    },
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  });
}
