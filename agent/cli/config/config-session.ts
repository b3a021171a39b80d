import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { sleep } from '../../clock.ts';
import { formatTopic, isGroupName, isNodeName } from '../../qn/topic.ts';
import { openSession, type Session } from '../session.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionValues } from '../verb.ts';
import { Fleet, type NodeView } from './fleet.ts';

/** Retained messages come at once after the subscription; this long after the last one the fleet is complete. */
const quietMs = 500;

export interface ConfigSession extends AsyncDisposable {
  readonly session: Session;
  readonly fleet: Fleet;
  /** By name. */
  readonly nodes: readonly NodeView[];
  /** Of a group: nodes that may be of it, and do not tell. */
  readonly doubtful: readonly string[];
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
  const { clock } = context;
  const heard: { fleet?: Fleet } = {};
  const scope = isGroupName(target) ? '+' : target;
  const filters = ({ root }: { root: string }) => {
    heard.fleet = new Fleet(clock, root);
    const told = ['config', 'agent'].map((document) =>
      formatTopic(root, scope, document === 'agent' ? 'health' : 'state', document),
    );
    const values = scope === '+' ? [] : [formatTopic(root, scope, 'state', '+')];
    const desired = formatTopic(root, scope, 'notify', 'config'); // A retained one is what is wanted of the node.
    return [...told, ...values, formatTopic(root, scope, 'ack', 'config'), desired];
  };
  const opened = await openSession(context, options, filters, {
    onMessage: ({ topic, payload, retain }) => heard.fleet?.hear(topic, payload, retain),
    onLost() {},
    onDeaf() {}, // Whoever may not read what others push: it is only to be put in the place of.
  });
  if (!opened.ok) return opened;
  const session = opened.value;
  const fleet = heard.fleet ?? new Fleet(clock, session.root);
  await untilQuiet(context, fleet, session.timeoutMs);
  const nodes = membersOf(fleet, target);
  const doubtful = doubtfulOf(fleet, target);
  if (nodes.length > 0)
    return ok({ session, fleet, nodes, doubtful, [Symbol.asyncDispose]: () => session[Symbol.asyncDispose]() });
  await session[Symbol.asyncDispose]();
  const who = isGroupName(target) ? `no node of ${target}` : target;
  context.err(
    `qnctl config: ${who} has told its config to this broker; is the root right, and is the agent new enough?`,
  );
  for (const node of doubtful) context.err(`qnctl config: ${node}: ${whyDoubtful}`);
  return fail(exitCodes.unavailable);
}

export const whyDoubtful =
  'its config does not fit into its messages, so its groups are not known; where it is meant, name it itself';

async function untilQuiet({ clock, signal }: CliContext, fleet: Fleet, timeoutMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + timeoutMs;
  while (!signal.aborted && clock.monotonicMs() < untilMs) {
    await sleep(clock, 50, signal);
    if (fleet.nodes.size > 0 && clock.monotonicMs() - fleet.heardMs >= quietMs) return;
  }
}

/** Those that run a config; of a group those that say so in it. */
export function membersOf(fleet: Fleet, target: string): readonly NodeView[] {
  const known = [...fleet.nodes.values()].filter(({ config }) => config !== undefined);
  const named = known.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  if (!isGroupName(target)) return named.filter(({ name }) => name === target);
  return target === '@all' ? named : named.filter(({ config }) => config?.groups?.includes(target.slice(1)));
}

export function doubtfulOf(fleet: Fleet, target: string): readonly string[] {
  if (!isGroupName(target) || target === '@all') return [];
  const known = [...fleet.nodes.values()].filter(({ config }) => config !== undefined);
  return known.flatMap(({ name, config }) => (config?.groups === undefined ? [name] : [])).toSorted();
}
