import type { Result } from '../../../drivers/contract/result.ts';
import type { Clock } from '../../clock.ts';
import { configRetainedLifeMs, configTokenLifeMs } from '../../config/limits.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { isRollback } from '../../config/push/read-push.ts';
import type { Value } from '../../qn/message.ts';
import { encodeMessage } from '../../qn/registry.ts';
import type { IdSource } from '../../qn/snowflake.ts';
import { formatTopic } from '../../qn/topic.ts';
import { applyMergePatch, isEqualValue } from '../../qn/value.ts';
import type { SigningKey } from '../../trust/key-file.ts';
import { type Fleet, isAway, type NodeConfig, type NodeView, nextPush, type PushEnd } from './fleet.ts';

/** Who pushes what, and over which connection. */
export interface Sender {
  readonly clock: Clock;
  readonly fleet: Fleet;
  /** A node-like name of this process alone. */
  readonly source: string;
  readonly ids: IdSource;
  /** Absent: unsigned. */
  readonly key: SigningKey | undefined;
  readonly author: string;
  readonly value: Value;
  /** A group was named, not this node. */
  readonly isMany: boolean;
  readonly isPatch: boolean;
  /** With a rollback: what was pushed, the value or the patch. Who does not run it keeps what it has. */
  readonly takenBack?: Value;
  /** The broker is to keep it, for a node that is away. */
  readonly isRetained: boolean;
  readonly timeoutMs: number;
  publish(topic: string, payload: Uint8Array, retain: boolean): Promise<Result<void, { readonly detail: string }>>;
}

/** To one node: its own next version, and its own token, which binds the node. Resolves with what it says of it. */
export async function pushOne(sender: Sender, node: string): Promise<PushEnd> {
  const { clock, fleet, source, ids, key, author, isPatch, timeoutMs } = sender;
  const view = fleet.nodes.get(node);
  if (view?.config === undefined) return { node, status: 'unanswered', detail: 'it has not told its config' };
  // An older push that the broker retains would come again at each connection, and be refused: this one replaces it.
  const isRetained = sender.isRetained || view.isConfigKept === true;
  const isGone = isAway(view);
  if (isGone && !isRetained) return { node, status: 'unasked', detail: `${whyAway(view)}; ${awayFix}` };
  const id = ids.next();
  const isBack = isRollback(sender.value);
  const val = isBack ? sender.value : valueFor(sender.value, node, isPatch);
  const needless = isBack ? whyNotBack(sender, view.config, node) : whyNotAgain(view.config, val, isPatch, isRetained);
  if (needless !== undefined) return { node, version: view.config.version, ...needless };
  const push = nextPush(view, { id, src: source, author, val, isPatch: isPatch && !isBack }, clock.wallMs());
  const lifeMs = isRetained ? configRetainedLifeMs : configTokenLifeMs;
  const message = key === undefined ? push : await sign(push, key, node, clock.wallMs(), lifeMs);
  const encoded = encodeMessage(message, 'json');
  if (!encoded.ok) return { node, status: 'unsent', detail: encoded.error.detail };
  const ending = isGone ? undefined : fleet.ending(node, id, timeoutMs);
  const topic = formatTopic(fleet.root, node, 'notify', 'config');
  const published = await sender.publish(topic, encoded.value.bytes, isRetained);
  if (!published.ok) return { node, status: 'unsent', detail: published.error.detail };
  const end = (await ending) ?? { node, status: 'kept', detail: `${whyAway(view)}, and takes it when it is back` };
  return isRetained ? { ...end, retained: true } : end;
}

type Needless = Pick<PushEnd, 'status' | 'detail'>;

function whyNotAgain({ value }: NodeConfig, val: Value, isPatch: boolean, isRetained: boolean): Needless | undefined {
  // Taken again, it would also become the config to roll back to.
  const runsIt = !isRetained && value !== undefined && runs(value, val, isPatch);
  return runsIt ? { status: 'unchanged', detail: 'it runs this already, nothing was sent' } : undefined;
}

function whyNotBack(
  { takenBack, isPatch, isMany }: Sender,
  { value, origin }: NodeConfig,
  node: string,
): Needless | undefined {
  if (isMany && origin === 'rollback') return { status: 'unchanged', detail: backAlready };
  if (takenBack === undefined) return undefined;
  if (value === undefined) return { status: 'unasked', detail: tooLargeToTell };
  const runsIt = runs(value, valueFor(takenBack, node, isPatch), isPatch);
  return runsIt ? undefined : { status: 'unchanged', detail: 'it does not run what is in this file, nothing was sent' };
}

function runs(running: Value, wished: Value, isPatch: boolean): boolean {
  return isEqualValue(isPatch ? applyMergePatch(running, wished) : wished, running);
}

const tooLargeToTell =
  'its config does not fit into its messages, so nobody knows whether it runs this; name it itself, without the file';

/** So that a rollback that was halted, or found some of them away, can be run again. */
const backAlready =
  'a rollback brought what it runs, nothing was sent; to have the config back that it took away, name this node itself';

const awayFix = 'it would never hear of it; push again when it is back, or with --retain';

function whyAway({ isMute }: NodeView): string {
  return isMute === true ? 'it does not answer, and its last report is old' : 'it is offline';
}

async function sign(
  push: ReturnType<typeof nextPush>,
  key: SigningKey,
  target: string,
  issuedMs: number,
  lifeMs: number,
) {
  const { signNotify } = await import('../../trust/signer.ts');
  return await signNotify(push, key, { target, document: 'config', issuedMs, lifeMs });
}

/** In a file for many nodes the name of the node is left out. */
function valueFor(value: Value, node: string, isPatch: boolean): Value {
  const isWhole = !isPatch && isPlainMap(value);
  return isWhole && !('node' in value) ? { node, ...value } : value;
}
