import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { sleep } from '../clock.ts';
import type { InboundMessage } from '../mqtt/link.ts';
import { openSession } from './session.ts';
import type { CliContext, ExitCode, OptionValues } from './verb.ts';

/** Every broker queues so many messages for a client. */
const sureCount = 500;
const agreedRounds = 2;
const roundsMax = 30;

export interface Kept {
  /** Topics of which something retained was heard. Those that are found are added; as many as the broker retains. */
  readonly heard: Set<string>;
  readonly filters: (names: { readonly root: string }) => readonly string[];
  /** What is found. */
  onMessage(message: InboundMessage): void;
}

/**
 * Makes sure that every message was heard that the broker retains on these topics. A broker sends them faster than a client
 * reads, and drops what does not fit into its queue for one client: mosquitto by default everything behind the first
 * thousand with QoS 1. With QoS 0 it depends on what the network takes at that moment, so each time others are dropped. When
 * there are many, they are asked for again on new connections, until two in a row bring all that is known and nothing new.
 *
 * False: there may be more, and the user was told.
 */
export async function hearTheRest(context: CliContext, options: OptionValues, kept: Kept): Promise<boolean> {
  const { heard } = kept;
  let agreedCount = 0;
  for (let count = 0; heard.size >= sureCount && agreedCount < agreedRounds; count += 1) {
    if (count === roundsMax) {
      const cure = 'let it queue more for a client than it has boards (mosquitto: max_queued_messages)';
      context.err(`qnctl: the broker leaves out some of what it retains, ${heard.size} were heard; ${cure}`);
      return false;
    }
    const { size } = heard;
    const round = await listenOnce(context, options, kept);
    if (!round.ok || context.signal.aborted) return false;
    for (const topic of round.value) heard.add(topic);
    agreedCount = heard.size === size && round.value.size === size ? agreedCount + 1 : 0;
  }
  return true;
}

async function listenOnce(
  context: CliContext,
  options: OptionValues,
  { heard, filters, onMessage }: Kept,
): Promise<Result<ReadonlySet<string>, ExitCode>> {
  const { clock, signal } = context;
  const round = new Set<string>();
  let heardMs = clock.monotonicMs();
  const opened = await openSession(context, options, filters, {
    qos: 0,
    onMessage(message) {
      if (!message.retain) return;
      heardMs = clock.monotonicMs();
      round.add(message.topic);
      if (!heard.has(message.topic)) onMessage(message);
    },
    onLost() {},
    onDeaf() {},
  });
  if (!opened.ok) return fail(opened.error);
  await using session = opened.value;
  while (!signal.aborted && clock.monotonicMs() - heardMs < session.quietMs) await sleep(clock, 50, signal);
  return ok(round);
}
