import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Row } from '../documents/row.ts';
import { decodeNotify } from '../qn/bare.ts';
import type { Message, Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { Interrupted, Journal } from '../store/store.ts';
import type { Answerable } from './acknowledge.ts';
import type { HandlerDependencies } from './dependencies.ts';
import { createJob } from './job.ts';
import { resumes } from './journaling.ts';
import { decodeKept, type KeptCommand } from './kept-command.ts';
import type { Command } from './life.ts';

/**
 * What was under way when the agent died (QN-4.2). Where its document says `resume` it is done again. Else it ends
 * `failed, interrupted`: one that had not begun did nothing, of one that had nobody knows. Journal and ack are in one
 * commit; a crash in between tells it at the next start. So it ends as well where the journal can be read only later: by
 * then newer commands were carried out.
 */
export async function takeUpLeftBehind(
  journal: Journal,
  rows: readonly Row[],
  dependencies: HandlerDependencies,
  carryOut: (command: Command) => unknown,
): Promise<void> {
  const isLate = (await Promise.race([journal.interrupted, Promise.resolve()])) === undefined;
  for (const left of await journal.interrupted) {
    const resumed = resumable(left, rows, isLate, dependencies);
    if (resumed.ok) carryOut(resumed.value);
    else tellEnd(journal, left, resumed.error, dependencies);
  }
}

function tellEnd(journal: Journal, left: Interrupted, why: string, { clock, acknowledger }: HandlerDependencies): void {
  const { source, id, document, status, bootId, verdict } = left;
  const reason = 'interrupted';
  if (verdict === 'interrupted') void journal.end({ source, id, document }, { status: 'failed', reason });
  const kept = decodeKept(left.body);
  const message = kept.payload === undefined ? undefined : decodedOf(kept, kept.payload, clock.wallMs());
  const after = { boot: bootId, isBegun: status === 'executing' };
  const answerable = answerableOf(left, kept, message);
  acknowledger.tell(answerable, { status: 'failed', reason, detail: why, after, isJournaled: true });
}

/** The command as it came, with a slot of its own; else a sentence that says how it ended. */
function resumable(
  left: Interrupted,
  rows: readonly Row[],
  isLate: boolean,
  { clock, pool, counters, journaling, clockQuality }: HandlerDependencies,
): Result<Command, string> {
  const { source, id, document, status, bootId, verdict, atMs, body } = left;
  if (verdict === 'state-loop') {
    return fail('the agent died again and again while this was under way; it is given up, whatever its effect was');
  }
  const row = rows.find(({ name }) => name === document);
  const kept = decodeKept(body);
  if (row === undefined || kept.payload === undefined) return fail(interrupted(status));
  const message = decodedOf(kept, kept.payload, clock.wallMs());
  if (message !== undefined && !isResumed(row, message, isLate)) return fail(interrupted(status));
  if (message === undefined) return fail(`${interrupted(status)}; it cannot be read any more`);
  const slot = pool.acquire('executing', kept.payload.byteLength);
  if (slot === undefined) return fail(`${interrupted(status)}; there was no room to do it again`);
  // How long the agent was away only the wall clock knows. Where that has no time, or one before the arrival, a ttl is over.
  const awayMs = clock.wallMs() - atMs;
  const waitedMs = clockQuality() === 'boot' || awayMs < 0 ? Number.MAX_SAFE_INTEGER : awayMs;
  const arrivedMs = clock.monotonicMs() - waitedMs;
  const { contentType } = kept;
  const properties = contentType === undefined ? {} : { contentType };
  const arrived = { topic: '', payload: kept.payload, qos: 1, retain: false, duplicate: false, properties } as const;
  const job = createJob({ to: 'notify', row }, slot, arrived, arrivedMs);
  const isBegun = status === 'executing';
  const journaled = journaling.reopen({ source, id, document }, isBegun);
  counters.receive();
  const resumed = { status, boot: bootId, journaled };
  return ok({ row, job, message, answerable: answerableOf(left, kept, message), resumed });
}

/** An update of firmware is never too late: it knows by itself how far it came. */
function isResumed(row: Row, { val }: Notify, isLate: boolean): boolean {
  const effect = row.kind.plan(val);
  if (isLate) return effect.ok && effect.value.do === 'firmware';
  return effect.ok ? resumes(row, effect.value) : row.config.journal?.resume === true;
}

function interrupted(status: Interrupted['status']): string {
  return status === 'executing'
    ? 'the agent died while this was under way; whether it had its effect is not known'
    : 'the agent died before this began; nothing was done: send it again under another id';
}

function decodedOf({ contentType }: KeptCommand, payload: Uint8Array, nowMs: number): Notify | undefined {
  const decoded: Result<Notify, Refusal> = decodeNotify(payload, {
    nowMs,
    ...(contentType === undefined ? {} : { contentType }),
  });
  return decoded.ok ? decoded.value : undefined;
}

function answerableOf({ document, id }: Interrupted, kept: KeptCommand, message: Message | undefined): Answerable {
  const { payload: _, contentType: __, ...address } = kept;
  return { document, id, ...address, ...(message === undefined ? {} : { message }) };
}
