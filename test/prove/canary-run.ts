import { Fleet, type PushEnd } from '../../agent/cli/config/fleet.ts';
import { pushOne } from '../../agent/cli/config/push-one.ts';
import { type RollOut, rollOut } from '../../agent/cli/config/roll-out.ts';
import { systemClock } from '../../agent/clock.ts';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { createIdSource } from '../../agent/qn/snowflake.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { type PushableAgent, startPushableAgent } from '../support/pushable-agent.ts';

export interface CanaryOptions {
  readonly boards: number;
  /** One board in so many lacks the line that the new config wants; 0: none. */
  readonly brokenOneIn: number;
  readonly canaryCount: number;
  readonly watchMs: number;
}

export interface CanaryJudgement {
  readonly rolled: RollOut;
  readonly faults: readonly string[];
  readonly counts: { readonly [what in 'boards' | 'asked' | 'failed' | 'onNew' | 'untouched']: number };
}

const kept = 'kept: { driver: gpio-out, line: A, safe: { boot: on } }';

/** A canary push to many boards in this process, and whether every one of them ends on a good config. */
export async function runCanary({
  boards,
  brokenOneIn,
  canaryCount,
  watchMs,
}: CanaryOptions): Promise<CanaryJudgement> {
  await using stack = new AsyncDisposableStack();
  const broker = createMemoryBroker();
  const agents: PushableAgent[] = [];
  const isBroken = (index: number) => isBrokenBoard(index, brokenOneIn);
  for (let index = 0; index < boards; index += 1) {
    const board = createMemoryBoard({ lines: isBroken(index) ? ['A'] : ['A', 'B'] });
    const node = `pi-${String(index).padStart(4, '0')}`;
    const sections = 'groups: [line-1]\nconfig: { trust: none, verify: 10s }';
    agents.push(stack.use(await startPushableAgent({ node, documents: [kept], sections, broker, board })));
  }
  const fleet = new Fleet(systemClock, 'qn/1');
  const client = broker.client(({ topic, payload }) => fleet.hear(topic, payload));
  for (const filter of ['state/config', 'health/agent', 'ack/config']) client.subscribe(`qn/1/+/${filter}`);
  const untilMs = performance.now() + 30_000;
  const isTold = () =>
    agents.every(({ node }) => fleet.nodes.get(node)?.config !== undefined && fleet.nodes.get(node)?.health);
  while (!isTold() && performance.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 20));
  const sender = {
    ...{
      clock: systemClock,
      fleet,
      source: 'prove',
      key: undefined,
      author: 'unsigned',
      isMany: true,
      isPatch: true,
      isRetained: false,
      timeoutMs: 60_000,
    },
    ids: createIdSource({ clock: systemClock, nodeName: 'prove' }),
    value: { documents: { wanted: { driver: 'gpio-out', line: 'B' } } },
    async publish(topic: string, payload: Uint8Array) {
      client.publish(topic, payload);
      return ok();
    },
  };
  const ended: PushEnd[] = [];
  const rolled = await rollOut(
    {
      clock: systemClock,
      fleet,
      push: (node) => pushOne(sender, node),
      mute: async () => [],
      ended: (end) => ended.push(end),
      doing() {},
    },
    agents.map(({ node }) => node),
    { canaryCount, watchMs, parallelCount: 16 },
    new AbortController().signal,
  );
  return { rolled, ...judge(agents, rolled) };
}

/** One in so many, at another place in each row of them: so that it does not matter which ones are asked first. */
function isBrokenBoard(index: number, oneIn: number): boolean {
  return oneIn > 0 && index % oneIn === Math.floor(index / oneIn) % oneIn;
}

/** Every board runs the old config or the new one, whole, and says which; and the pin of before never moved. */
function judge(agents: readonly PushableAgent[], rolled: RollOut): Omit<CanaryJudgement, 'rolled'> {
  const faults: string[] = [];
  const endOf = new Map(rolled.ends.map((end) => [end.node, end]));
  let onNew = 0;
  for (const { node, agent, board } of agents) {
    const { documents } = agent.changeable.running.config;
    const isNew = 'wanted' in documents;
    const end = endOf.get(node);
    if (isNew) onNew += 1;
    if (isNew !== (end?.status === 'successful'))
      faults.push(`${node} runs the ${isNew ? 'new' : 'old'} config and said ${end?.status}`);
    if (end?.status === 'failed' && end.rollback !== 'restored')
      faults.push(`${node} was not restored: ${end.rollback}`);
    if (agent.sources.drivers().some(({ state }) => state !== 'working'))
      faults.push(`${node} has a driver that does not work`);
    if (board.wire('A').edges.length !== 1 || board.wire('A').level !== 1)
      faults.push(`${node}: its pin of before moved`);
    if (agent.selfTest.tests.some(({ id, status }) => id.startsWith('driver.') && status !== 'pass'))
      faults.push(`${node} fails its self-test`);
  }
  const failed = rolled.ends.filter(({ status }) => status === 'failed').length;
  return {
    faults,
    counts: { boards: agents.length, asked: rolled.ends.length, failed, onNew, untouched: rolled.untouched.length },
  };
}
