import { sleep } from '../../clock.ts';
import { rollOutAtOnceMax } from '../../config/limits.ts';
import { formatTopic } from '../../qn/topic.ts';
import type { Session } from '../session.ts';
import type { CliContext } from '../verb.ts';
import type { Fleet, NodeView } from './fleet.ts';

/** Its health is known, but not its config: the broker lost that, or it never arrived. */
export function isSilent({ config, health }: NodeView): boolean {
  return config === undefined && health !== undefined;
}

/** Queries the silent nodes for their config; the broker retains each answer (QN-2.4). Nodes that are offline are not asked. */
export async function askSilent(context: CliContext, session: Asking, fleet: Fleet): Promise<void> {
  const silent = [...fleet.nodes.values()].filter((node) => isSilent(node) && !isOffline(node));
  await ask(context, session, fleet, silent, isSilent);
}

/** Nodes that do not answer a query. Those that could not be sent one are not among them. */
export async function findMute(
  context: CliContext,
  session: Asking,
  fleet: Fleet,
  names: readonly string[],
): Promise<readonly string[]> {
  const sinceMs = context.clock.monotonicMs();
  const isMute = ({ heardMs = -Infinity }: NodeView) => heardMs < sinceMs;
  const nodes = names.flatMap((name) => fleet.nodes.get(name) ?? []);
  const asked = await ask(context, session, fleet, nodes, isMute);
  return context.signal.aborted ? [] : asked.filter(isMute).map(({ name }) => name);
}

/** A broker that lost its network together with some nodes still says that they are online: marks those that do not answer. */
export async function markMute(
  context: CliContext,
  session: Asking,
  fleet: Fleet,
  nodes: readonly NodeView[],
): Promise<void> {
  const late = nodes.filter(({ health }) => health?.isLate === true).map(({ name }) => name);
  if (late.length === 0) return;
  for (const name of await findMute(context, session, fleet, late)) {
    const node = fleet.nodes.get(name);
    if (node !== undefined) node.isMute = true;
  }
}

type Asking = Pick<Session, 'publish' | 'timeoutMs'>;

/** Returns the nodes that a query could be sent to, when none of them is needed any more or the timeout is over. */
async function ask(
  { clock, signal }: CliContext,
  { publish, timeoutMs }: Asking,
  { root }: Fleet,
  nodes: readonly NodeView[],
  isNeeded: (node: NodeView) => boolean,
): Promise<readonly NodeView[]> {
  const asked: NodeView[] = []; // One that cannot be asked is told in the end, like one that does not answer.
  const askOne = async (node: NodeView) => {
    const topic = formatTopic(root, node.name, 'query', 'config');
    const { ok } = await publish({ topic, payload: noFields, qos: 1, retain: false });
    if (ok) asked.push(node);
  };
  for (let first = 0; first < nodes.length && !signal.aborted; first += rollOutAtOnceMax)
    await Promise.all(nodes.slice(first, first + rollOutAtOnceMax).map(askOne));
  const untilMs = clock.monotonicMs() + timeoutMs;
  while (asked.some(isNeeded) && clock.monotonicMs() < untilMs && !signal.aborted) await sleep(clock, 50, signal);
  return asked;
}

const noFields = new Uint8Array(0); // QN-2.6

/**
 * A push is numbered from the version that runs. With a guess it would be refused as older, a retained one at each
 * connection, and a patch would have no base. So nothing is sent.
 */
export function whySilent(node: NodeView): string {
  const { name } = node;
  const unknown = 'so neither its version nor its groups are known';
  if (!isOffline(node))
    return `it did not tell its config when asked, ${unknown}; qnctl query ${name} config says why, and an agent that is too old for it needs a newer one`;
  return `it is offline, and the broker has no state/config of it, ${unknown}; push again when it is back, or take it off with qnctl forget ${name} if it is gone for good`;
}

function isOffline({ health }: NodeView): boolean {
  return health?.status === 'offline';
}
