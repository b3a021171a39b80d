import { openWorkshop } from '../support/c-compiler.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { openLoad, type RunLoad } from './load.ts';
import type { Responder } from './responder.ts';
import { type AgentOptions, agentTopics, startAgent, startFloor, startRaw } from './responders.ts';
import { openTap, type Tap } from './tap.ts';
import { runTurn, type Turn, type TurnOptions } from './turn.ts';

/** Several responders at one broker, which get their turns one after the other, again and again. */
export interface Contest extends AsyncDisposable {
  readonly floor: Responder;
  readonly agent: Responder;
  readonly raw: Responder;
  readonly idleRaw: Responder;
  readonly runLoad: RunLoad;
  /** Others that take part; see node-red.ts. */
  readonly port: number;
  readonly tap: Tap | undefined;
  readonly stack: AsyncDisposableStack;
}

export interface ContestOptions extends AgentOptions {
  readonly isTapped?: boolean;
}

/** The broker must not hold back what it has, nor refuse what a responder is slow to take, as long as there is memory. */
const brokerConfig = ['set_tcp_nodelay true', 'max_queued_messages 1000', 'max_inflight_messages 100'];

/** With a tap of what the agent gets as its probes, when that is asked for. */
export async function openContest({ isTapped = false, ...options }: ContestOptions): Promise<Contest> {
  const stack = new AsyncDisposableStack();
  const workshop = stack.use(openWorkshop());
  const tap = isTapped ? openTap(workshop, agentTopics.probeTopic) : undefined;
  const { port } = stack.use(await startMosquitto({ config: () => brokerConfig, ...(tap && { env: tap.env }) }));
  const runLoad = openLoad(workshop, port);
  return {
    stack,
    port,
    tap,
    runLoad,
    floor: await startFloor(stack, workshop, port),
    raw: await startRaw(stack, port, 'writes'),
    idleRaw: await startRaw(stack, port, 'nothing'),
    agent: await startAgent(stack, port, options),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A round before those that count: code is compiled, files are read, memory is taken. */
const warmUp = { forMs: 2_000, probesPerS: 200, bulkPerS: 1_000 } as const;

/** So many turns of each, interleaved: whatever else the machine does meets all of them alike. */
export async function interleave(
  runLoad: RunLoad,
  responders: readonly Responder[],
  roundsCount: number,
  options: TurnOptions,
): Promise<ReadonlyMap<Responder, readonly Turn[]>> {
  const turns = new Map<Responder, Turn[]>(responders.map((responder) => [responder, []]));
  for (const responder of responders) await runTurn(runLoad, responder, warmUp);
  for (let round = 0; round < roundsCount; round += 1) {
    for (const [responder, done] of turns) done.push(await runTurn(runLoad, responder, options));
  }
  return turns;
}
