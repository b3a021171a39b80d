import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Value } from '../qn/message.ts';
import type { FoundRows } from './found-rows.ts';
import type { DocumentSurroundings, OutputGuard } from './kind.ts';
import type { Memory } from './memory-file.ts';

export interface BoardDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly random: () => number;
  readonly openBytePort: DocumentSurroundings['openBytePort'];
  readonly pwm: PwmBackend;
  /** What a document remembers over a restart. */
  memoryOf(document: string): Memory;
  /** Absent: nothing of documents goes to the disk, as in a self-test. */
  readonly stateFolder?: string;
  /** A document has this value now. */
  changed(document: string, value: Value): void;
  /** There is no such document any more. */
  removed(document: string): void;
  /** Something happened that is not a state. */
  happened(document: string, value: Value, ageMs?: number): void;
  /** Who goes on with an output when the agent is gone; absent: nobody does. */
  guardOf?(document: string): OutputGuard;
  /** The agent is to end, also in the middle of opening them. */
  readonly ending?: AbortSignal;
  /** Where documents are entered that others bring with them. */
  readonly found: FoundRows;
  /** A driver failed or works again, or an output went to a safe state: health wants to know. */
  troubleChanged(): void;
}
