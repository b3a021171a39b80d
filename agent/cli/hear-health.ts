import { ok, type Result } from '../../drivers/contract/result.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import type { Message } from '../qn/message.ts';
import { formatTopic, parseTopic } from '../qn/topic.ts';
import { askLate, isLate, silenced } from './ask-late.ts';
import { hearTheRest } from './hear-kept.ts';
import { Inbox } from './inbox.ts';
import { decodeAny } from './message-text.ts';
import { openSession } from './session.ts';
import type { CliContext, ExitCode, OptionValues } from './verb.ts';

export interface Sighting {
  readonly node: string;
  readonly message: Message;
}

export interface HealthSession extends AsyncDisposable {
  /** What each node said last of its health, `silent` if that is old and it does not answer. As many as there are boards at this broker. */
  readonly sightings: Map<string, Message>;
  /** False: some of them may not be known, and the user was told. */
  readonly isWhole: boolean;
  /** What they say from now on. */
  readonly inbox: Inbox<Sighting>;
}

/** The health of a node, or of every node of the broker; no sightings: nobody has told any in time. */
export async function openHealthSession(
  context: CliContext,
  options: OptionValues,
  node: string | undefined,
): Promise<Result<HealthSession, ExitCode>> {
  const inbox = new Inbox<Sighting>(context);
  const sightings = new Map<string, Message>();
  const heard = new Set<string>();
  let topicRoot = '';
  const filters = ({ root }: { readonly root: string }) => {
    topicRoot = root;
    return [formatTopic(root, node ?? '+', 'health', 'agent')];
  };
  const sightingOf = ({ topic, payload }: InboundMessage): Sighting | undefined => {
    const decoded = decodeAny(payload, context.clock.wallMs());
    const target = parseTopic(topicRoot, topic)?.target;
    return decoded.ok && target !== undefined ? { node: target, message: decoded.value } : undefined;
  };
  const opened = await openSession(context, options, filters, {
    onMessage(message) {
      if (message.retain) heard.add(message.topic);
      const sighting = sightingOf(message);
      if (sighting !== undefined) inbox.add(sighting);
    },
    onLost: () => inbox.close(),
  });
  if (!opened.ok) return opened;
  const session = opened.value;
  const gather = async (firstMs: number, nextMs: number) => {
    for (let waitMs = firstMs; ; waitMs = nextMs) {
      const seen = await inbox.next(waitMs);
      if (seen === undefined) return;
      sightings.set(seen.node, seen.message);
      if (node !== undefined) return;
    }
  };
  await gather(session.timeoutMs, session.quietMs);
  const isWhole = await hearTheRest(context, options, {
    ...{ heard, filters },
    onMessage(message) {
      const sighting = sightingOf(message);
      if (sighting !== undefined && !sightings.has(sighting.node)) sightings.set(sighting.node, sighting.message);
    },
  });
  const nowMs = context.clock.wallMs();
  const late = [...sightings].filter(([, message]) => isLate(message, nowMs));
  const silent = await askLate(
    context,
    options,
    late.map(([name]) => name),
  );
  for (const [name, message] of late) if (silent.includes(name)) sightings.set(name, silenced(message));
  await gather(0, 0); // What was said meanwhile.
  return ok({ sightings, isWhole, inbox, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() });
}

export function neverHeard(node: string | undefined): string {
  return `${node === undefined ? 'no node has ever' : `${node} has never`} told its health to this broker`;
}
