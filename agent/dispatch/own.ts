import type { Notify } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { Answerable } from './acknowledge.ts';

/** A command for a document that the agent keeps itself. Its slot is free already: what is needed later is in here. */
export interface OwnCommand {
  readonly message: Notify;
  readonly answerable: Answerable;
  readonly isRetained: boolean;
  /** Its time to live is over. Only of a config, which may be a duplicate all the same. */
  readonly expired?: Refusal;
}

/** Documents of the agent itself that take commands, by name. Each tells what becomes of a command, and counts it. */
export type OwnDocuments = ReadonlyMap<string, (command: OwnCommand) => void>;
