import { fail, type Result } from '../../drivers/contract/result.ts';
import type { LeftOpen } from '../documents/kind.ts';
import type { Refusal } from '../qn/reason.ts';
import type { WriteOrder } from './order.ts';

export type Outcome = Result<void, Refusal | LeftOpen>;

/** An order that is being carried out. */
export interface Job {
  readonly order: WriteOrder;
  readonly cancel: AbortController;
  /** The end of the command, which may come before that of the job. */
  readonly ended: Promise<Outcome>;
  end(outcome: Outcome): void;
}

export function newJob(order: WriteOrder): Job {
  const { promise: ended, resolve: end } = Promise.withResolvers<Outcome>();
  return { order, ended, end, cancel: new AbortController() };
}

/** With what is over there (QN-7.8e). */
export function failed({ reason, detail }: Refusal, { isTouched }: { readonly isTouched: boolean }): Outcome {
  const stands = isTouched ? 'it runs nothing until it is written again' : 'it runs the program it has';
  return fail({ reason, detail: `${detail}; ${stands}` });
}

/** The document is closed. The detail is for an order that nobody goes on with: not journaled, or closed for another config. */
export function leftOpen(isBegun: boolean): Result<never, LeftOpen> {
  const goesOn = isBegun ? 'the update goes on when it is open again' : 'nothing was written; send the order again';
  return fail({ reason: 'interrupted', detail: `the document was closed; ${goesOn}`, isLeft: true });
}
