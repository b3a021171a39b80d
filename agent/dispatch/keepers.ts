import type { Result } from '../../drivers/contract/result.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';

/** A document the agent keeps itself, which takes commands or answers more than its state. */
export interface Keeper {
  /** At once, and the same again is the same: it needs no journal. */
  change(value: Value): Result<void, Refusal>;
  /** The value for whoever asks on a topic of his own, in at most so many bytes. `asked`: the value of the query. */
  read(asked: Value | undefined, bytesMax: number): Value;
}

/** By the name of the document. */
export type Keepers = ReadonlyMap<string, Keeper>;
