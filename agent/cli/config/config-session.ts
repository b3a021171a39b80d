import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { sleep } from '../../clock.ts';
import type { InboundMessage } from '../../mqtt/link.ts';
import { formatTopic, isGroupName, isNodeName } from '../../qn/topic.ts';
import { hearTheRest } from '../hear-kept.ts';
import { openSession, type Session } from '../session.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionValues } from '../verb.ts';
import { askSilent, isSilent, whySilent } from './ask-silent.ts';
import { Fleet, type NodeView } from './fleet.ts';

export interface ConfigSession extends AsyncDisposable {
  readonly session: Session;
  readonly fleet: Fleet;
  /** By name. */
  readonly nodes: readonly NodeView[];
  /** Nodes that the target names, or may name, and that get nothing: their config or their groups are not known. */
  readonly leftOut: readonly LeftOut[];
}

export interface LeftOut {
  readonly node: string;
  /** Why, and the way out. */
  readonly detail: string;
}

/** Connects, and hears of every node that is meant. Every way it can fail is told to the user here. */
export async function openConfigSession(
  context: CliContext,
  target: string,
  options: OptionValues,
): Promise<Result<ConfigSession, ExitCode>> {
  if (!isNodeName(target) && !isGroupName(target)) {
    context.err(`qnctl config: neither a node nor a group: ${target}; write it like pi-42 or @line-1`);
    return fail(exitCodes.usage);
  }
  const { clock, signal } = context;
  const views: { fleet?: Fleet } = {};
  signal.addEventListener('abort', () => views.fleet?.cut('interrupted'), { once: true });
  const heard = new Set<string>();
  const scope = isGroupName(target) ? '+' : target;
  const filters = ({ root }: { readonly root: string }) => {
    views.fleet ??= new Fleet(clock, root);
    const told = ['config', 'agent'].map((document) =>
      formatTopic(root, scope, document === 'agent' ? 'health' : 'state', document),
    );
    const values = scope === '+' ? [] : [formatTopic(root, scope, 'state', '+')];
    const desired = formatTopic(root, scope, 'notify', 'config'); // A retained one is what is wanted of the node.
    return [...told, ...values, formatTopic(root, scope, 'ack', 'config'), desired];
  };
  const onMessage = ({ topic, payload, retain }: InboundMessage) => {
    if (retain) heard.add(topic);
    views.fleet?.hear(topic, payload, retain);
  };
  const opened = await openSession(context, options, filters, {
    onMessage,
    onLost: () => views.fleet?.cut('the connection broke'),
    onDeaf() {}, // What others push is only heard to be replaced: a user who may not read it can still push.
  });
  if (!opened.ok) return opened;
  const session = opened.value;
  const fleet = views.fleet ?? new Fleet(clock, session.root);
  await untilQuiet(context, fleet, session);
  if (!(await hearTheRest(context, options, { heard, filters, onMessage }))) {
    await session[Symbol.asyncDispose]();
    return fail(exitCodes.unavailable);
  }
  await askSilent(context, session, fleet);
  const nodes = membersOf(fleet, target);
  const leftOut = leftOutOf(fleet, target);
  if (nodes.length > 0)
    return ok({ session, fleet, nodes, leftOut, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() });
  await session[Symbol.asyncDispose]();
  if (signal.aborted) return fail(exitCodes.unavailable);
  const who = isGroupName(target) ? `no node of ${target} has` : `${target} has not`;
  context.err(
    `qnctl config: ${who} told its config to this broker; is the root right, is the agent new enough, and may this user read there?`,
  );
  for (const { node, detail } of leftOut) context.err(`qnctl config: ${node}: ${detail}`);
  return fail(exitCodes.unavailable);
}

async function untilQuiet({ clock, signal }: CliContext, fleet: Fleet, { timeoutMs, quietMs }: Session): Promise<void> {
  const untilMs = clock.monotonicMs() + timeoutMs;
  while (!signal.aborted && clock.monotonicMs() < untilMs) {
    await sleep(clock, 50, signal);
    if (fleet.nodes.size > 0 && clock.monotonicMs() - fleet.heardMs >= quietMs) return;
  }
}

/** Those that told their config; of a group those that say so in it. */
function membersOf(fleet: Fleet, target: string): readonly NodeView[] {
  const known = byName(fleet).filter(({ config }) => config !== undefined);
  if (!isGroupName(target)) return known.filter(({ name }) => name === target);
  return target === '@all' ? known : known.filter(({ config }) => config?.groups?.includes(target.slice(1)));
}

/** Those whose config is not known, and, of a group, those whose groups are not known. */
export function leftOutOf(fleet: Fleet, target: string): readonly LeftOut[] {
  const isNarrow = isGroupName(target) && target !== '@all';
  return byName(fleet).flatMap((node) => {
    const { name, config } = node;
    if (!isGroupName(target) && name !== target) return [];
    if (isSilent(node)) return [{ node: name, detail: whySilent(node) }];
    const isDoubtful = isNarrow && config !== undefined && config.groups === undefined;
    return isDoubtful ? [{ node: name, detail: whyDoubtful }] : [];
  });
}

const whyDoubtful =
  'its config does not fit into its messages, so its groups are not known; where it is meant, name it itself';

function byName(fleet: Fleet): readonly NodeView[] {
  return [...fleet.nodes.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1));
}
