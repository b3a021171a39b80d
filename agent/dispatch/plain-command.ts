import { assert } from '../assert.ts';
import type { Effect } from '../documents/kind.ts';
import type { Row } from '../documents/row.ts';
import { compactIdOf, isAckWanted, isChannelOf, switchOf } from '../qn/compact-switch.ts';
import { decodeMessage } from '../qn/registry.ts';
import { type Answerable, failureOf } from './acknowledge.ts';
import type { HandlerDependencies } from './dependencies.ts';
import type { Job } from './job.ts';
import type { Permissions } from './permission.ts';
import type { Outcome, RecentCommands } from './recent.ts';

/**
 * Carries out at once what needs nothing but its driver, so that a stream of such commands makes no garbage. False: nothing
 * was done, and the job goes the way of all commands.
 */
export type TakePlain = (job: Job) => boolean;

/** The same objects each time: nothing is made for a command. */
const effects = { on: { do: 'set', on: true }, off: { do: 'set', on: false } } as const satisfies {
  readonly [key: string]: Effect;
};
const successful: Outcome = { status: 'successful' };

/**
 * A compact command that switches an output (QN-3.3), with no sender to be judged, no journal, and nothing before it in its
 * lane. What may be told of it, and what is remembered, is the same as on the long way; test/agent/dispatch/plain-command.test.ts
 * holds both against each other.
 */
export function createTakePlain(
  dependencies: HandlerDependencies,
  recent: RecentCommands,
  permissions: Pick<Permissions, 'isFree'>,
): TakePlain {
  const { clock, log, pool, board, lanes, journaling, acknowledger, counters, instruments, load } = dependencies;

  function isPlain(row: Row, bytes: Uint8Array): boolean {
    const { name, config } = row;
    if (!isChannelOf(bytes, config.number) || row.isTakenByDevice || config.journal?.once === true) return false;
    if (log.isVerbose !== false || journaling.mayKnowAny || !permissions.isFree(row)) return false;
    return (load.level < 3 || row.isEmergency) && !recent.hasPlain(name, compactIdOf(bytes));
  }

  /** Who is told: made only where somebody is. */
  function answerableOf(name: string, bytes: Uint8Array): Answerable {
    const decoded = decodeMessage(bytes, { nowMs: clock.wallMs(), kind: 'notify' });
    assert(decoded.ok, 'a compact command that switches is well formed');
    return { document: name, id: BigInt(compactIdOf(bytes)), message: decoded.value, encoding: 'compact' };
  }

  function fail(name: string, asked: Answerable, error: Parameters<typeof failureOf>[0]): void {
    const { reason, detail } = failureOf(error);
    const id = Number(asked.id);
    counters.fail();
    recent.endPlain(name, id, { status: 'failed', reason });
    log.warn({ document: name, id: asked.id, reason, detail, tr: undefined }, 'command failed');
    acknowledger.tell(asked, { status: 'failed', reason, detail, isJournaled: false });
  }

  return ({ route, slot, arrivedMs }) => {
    if (route.to !== 'notify') return false;
    const bytes = slot.bytes();
    const on = switchOf(bytes);
    const row = on === undefined ? undefined : board.row(route.row.name);
    if (row === undefined || !isPlain(row, bytes)) return false;
    const { name } = row;
    const effect = on === true ? effects.on : effects.off;
    const document = lanes.idle(name);
    if (document?.isImmediate?.(effect) !== true) return false;
    const id = compactIdOf(bytes);
    const asked = isAckWanted(bytes) ? answerableOf(name, bytes) : undefined;
    recent.beginPlain(name, id);
    if (asked !== undefined) acknowledger.tell(asked, { status: 'accepted' });
    if (asked !== undefined) acknowledger.tell(asked, { status: 'executing' });
    const performed = document.perform(effect);
    assert(!(performed instanceof Promise), `${name} said that it switches at once, and did not`);
    instruments.command.record(clock.monotonicMs() - arrivedMs);
    if (performed.ok) {
      recent.endPlain(name, id, successful);
      counters.succeed();
      if (asked !== undefined) acknowledger.tell(asked, { status: 'successful', isJournaled: false });
    } else {
      assert('kind' in performed.error, 'nothing supersedes what is done at once');
      fail(name, asked ?? answerableOf(name, bytes), performed.error);
    }
    pool.release(slot);
    return true;
  };
}
