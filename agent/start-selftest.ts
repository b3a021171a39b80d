import { fail, ok, type Result } from '../drivers/contract/result.ts';
import { nextTurn } from './clock.ts';
import type { DispatchCounters } from './dispatch/counters.ts';
import type { OwnCommand } from './dispatch/own.ts';
import type { Board } from './documents/board.ts';
import type { Environment } from './environment.ts';
import { withConfigTroubles } from './health/config-troubles.ts';
import { planTestOrder, type TestOrder } from './health/on-demand.ts';
import { logSelfTest, runSelfTest, type SelfTestReport } from './health/self-test.ts';
import { liveStoreTest } from './health/tests/store.ts';
import type { Pool } from './pool/pool.ts';
import type { Refusal } from './qn/reason.ts';
import type { Running } from './running.ts';
import type { Dispatch } from './start-dispatch.ts';
import type { Store } from './store/store.ts';

export interface LiveTestParts extends Pick<Dispatch, 'acknowledger' | 'own'> {
  readonly running: Running;
  readonly pool: Pool;
  readonly board: Board;
  readonly store: Store | undefined;
  readonly counters: DispatchCounters;
  /** Why the config is not the one that was meant to run. */
  troubles(): readonly string[];
  /** The report is there, before the command has ended. */
  done(order: TestOrder, report: SelfTestReport): void;
}

/**
 * The command `selftest` of a running agent (QN-6.7). Outputs are only read back; lines are toggled for a loopback that
 * was asked for, and only when no document has them. One at a time; over it: refuse `busy`.
 */
export function startSelfTest(environment: Environment, parts: LiveTestParts): Disposable {
  const { acknowledger, counters, own } = parts;
  const ending = new AbortController();
  let isBusy = false;

  function admit({ message, isRetained }: OwnCommand): Result<TestOrder, Refusal> {
    if (isRetained) return fail({ reason: 'retained', detail: 'publish it without retain' }); // QN-2.1
    const order = planTestOrder(message.val);
    if (order.ok && isBusy) return fail({ reason: 'busy', detail: 'a self-test is under way already' });
    return order;
  }

  async function carryOut({ answerable }: OwnCommand, order: TestOrder): Promise<void> {
    acknowledger.tell(answerable, { status: 'accepted' });
    acknowledger.tell(answerable, { status: 'executing' });
    const done = await test(environment, parts, order, ending.signal);
    if (ending.signal.aborted) return; // Nothing is told any more.
    if (done.ok) counters.succeed();
    else counters.fail();
    acknowledger.tell(answerable, done.ok ? { status: 'successful' } : { status: 'failed', ...done.error });
  }

  own.set('selftest', (command) => {
    const order = admit(command);
    if (!order.ok) {
      counters.refuse(order.error.reason);
      acknowledger.tell(command.answerable, { status: 'rejected', ...order.error });
      return;
    }
    isBusy = true;
    void carryOut(command, order.value).finally(() => {
      isBusy = false;
    });
  });
  return { [Symbol.dispose]: () => ending.abort() };
}

const otherConfig = 'another config was taken meanwhile, and its own self-test counts; order it again';

async function test(
  environment: Environment,
  { running, pool, board, store, troubles, done }: LiveTestParts,
  order: TestOrder,
  signal: AbortSignal,
): Promise<Result<void, Refusal>> {
  const { clock, log, testSurroundings } = environment;
  if (testSurroundings === undefined) return fail({ reason: 'unsupported', detail: 'this agent cannot test itself' });
  const { fullTests } = await import('./health/full-tests.ts'); // Nobody needs it until somebody asks.
  const { config, hash } = running;
  const gpio = await environment.openGpio(config.gpio); // Lines that documents hold stay held.
  try {
    const plan = fullTests(order.mode, {
      ...{ clock, config, configHash: hash, pool, gpio, ...testSurroundings(config) },
      document: (name) => board.document(name),
      store: liveStoreTest(() => store?.metrics()),
      ...(order.loopback === undefined ? {} : { loopback: order.loopback }),
    });
    const report = await runSelfTest(clock, { ...withConfigTroubles(plan, troubles()), signal }, nextTurn);
    if (signal.aborted) return fail({ reason: 'interrupted', detail: 'the agent stopped meanwhile' });
    if (running.config !== config) return fail({ reason: 'interrupted', detail: otherConfig });
    logSelfTest(log, report);
    done(order, report);
    return ok();
  } finally {
    if (gpio.ok) await gpio.value[Symbol.asyncDispose]();
  }
}
