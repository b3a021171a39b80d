import { sleep } from '../../clock.ts';
import { rollOutAtOnceMax } from '../../config/limits.ts';
import { formatTopic } from '../../qn/topic.ts';
import type { Session } from '../session.ts';
import type { CliContext } from '../verb.ts';
import type { Fleet, NodeView } from './fleet.ts';

/** It told how it is, and not which config it runs: the broker lost that, or it never came. */
export function isSilent({ config, health }: NodeView): boolean {
  return config === undefined && health !== undefined;
}

/**
 * Asks the silent ones for their config. Who answers is known from then on, also to the broker, which keeps the answer
 * (QN-2.4). Those that are offline are not waited for; the others for the timeout, all of them together.
 */
export async function askSilent(
  { clock, signal }: CliContext,
  { publish, timeoutMs }: Pick<Session, 'publish' | 'timeoutMs'>,
  { nodes, root }: Fleet,
): Promise<void> {
  const silent = [...nodes.values()].filter((node) => isSilent(node) && !isOffline(node));
  const ask = ({ name }: NodeView) =>
    publish({ topic: formatTopic(root, name, 'query', 'config'), payload: noFields, qos: 1, retain: false });
  let askedCount = 0; // One that cannot be asked is told in the end, like one that does not answer.
  for (let first = 0; first < silent.length && !signal.aborted; first += rollOutAtOnceMax) {
    const published = await Promise.all(silent.slice(first, first + rollOutAtOnceMax).map(ask));
    askedCount += published.filter(({ ok }) => ok).length;
  }
  const untilMs = clock.monotonicMs() + (askedCount === 0 ? 0 : timeoutMs);
  while (silent.some(isSilent) && clock.monotonicMs() < untilMs && !signal.aborted) await sleep(clock, 50, signal);
}

const noFields = new Uint8Array(0); // QN-2.6

/**
 * A push counts on from the version that runs: a guess would be refused as older, a kept one at each connection, and a patch
 * would have no base. So nothing is sent.
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
