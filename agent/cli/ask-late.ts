import { sleep } from '../clock.ts';
import { rollOutAtOnceMax } from '../config/limits.ts';
import type { Message } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import { formatTopic } from '../qn/topic.ts';
import { fieldsOf } from '../qn/value.ts';
import { replyTopicTo } from './names.ts';
import { openSession } from './session.ts';
import type { CliContext, OptionValues } from './verb.ts';

/** Even a busy node reports its health again within so many intervals. */
const intervalsMax = 3;

/** Older than a live node lets its report get. A broker that lost its network together with the node never published the last will. */
export function isLate({ ts, val }: Message, nowMs: number): boolean {
  const { interval_s: intervalS, status } = fieldsOf(val);
  if (typeof intervalS !== 'number' || ts === undefined || status === 'offline') return false;
  return nowMs - ts > intervalS * 1_000 * intervalsMax;
}

/** The same report, marked as that of a node that does not answer. */
export function silenced(message: Message): Message {
  const { why, ...fields } = fieldsOf(message.val);
  const told = new Date(message.ts ?? 0).toISOString();
  const reason = `does not answer, and what it told last is of ${told}; the broker may have lost its last will`;
  return {
    ...message,
    t: 'health',
    val: { ...fields, status: 'silent', why: [reason, ...(Array.isArray(why) ? why : [])] },
  };
}

/**
 * Clocks may be wrong, so the late nodes are sent a small query. Returns those that do not answer; none when the broker
 * cannot be asked.
 */
export async function askLate(
  context: CliContext,
  options: OptionValues,
  late: readonly string[],
): Promise<readonly string[]> {
  if (late.length === 0) return [];
  const { clock, signal } = context;
  const silent = new Set<string>();
  const deaf = new AbortController();
  const filters = (own: { root: string; name: string }) => [replyTopicTo(own.root, own.name, '+')];
  const opened = await openSession(context, options, filters, {
    onMessage: ({ topic }) => void silent.delete(topic.slice(topic.lastIndexOf('/') + 1)),
    onLost: () => deaf.abort(),
    onDeaf: () => deaf.abort(),
  });
  if (!opened.ok) return [];
  await using session = opened.value;
  const { root, name, timeoutMs } = session;
  const ask = async (node: string) => {
    const encoded = encodeMessage({ t: 'query', src: name, reply: replyTopicTo(root, name, node) }, 'json');
    if (!encoded.ok) return;
    silent.add(node);
    const topic = formatTopic(root, node, 'query', 'channels');
    const sent = await session.publish({ topic, payload: encoded.value.bytes, qos: 1, retain: false });
    if (!sent.ok) silent.delete(node);
  };
  for (let first = 0; first < late.length && !signal.aborted; first += rollOutAtOnceMax)
    await Promise.all(late.slice(first, first + rollOutAtOnceMax).map(ask));
  const untilMs = clock.monotonicMs() + timeoutMs;
  const end = AbortSignal.any([signal, deaf.signal]);
  while (silent.size > 0 && clock.monotonicMs() < untilMs && !end.aborted) await sleep(clock, 50, end);
  return end.aborted ? [] : [...silent];
}
