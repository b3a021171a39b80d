import type { Clock } from '../clock.ts';
import type { Board } from '../documents/board.ts';
import type { Publisher } from '../documents/publisher.ts';
import type { DocumentStates } from '../documents/states.ts';
import type { Watches } from '../documents/watches.ts';
import type { DegradeLevel } from '../health/load.ts';
import type { Log } from '../log.ts';
import type { Instruments } from '../observe/instruments.ts';
import type { Pool } from '../pool/pool.ts';
import type { ClockQuality } from '../qn/message.ts';
import type { IdSource } from '../qn/snowflake.ts';
import type { TokenVerifier } from '../trust/token.ts';
import type { Acknowledger } from './acknowledge.ts';
import type { Authorize } from './authorize.ts';
import type { DispatchCounters } from './counters.ts';
import type { Journaling } from './journaling.ts';
import type { Keepers } from './keepers.ts';
import type { Lanes } from './lanes.ts';
import type { OwnDocuments } from './own.ts';
import type { DocumentTable } from './table.ts';

/** What handling a message takes. */
export interface HandlerDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly pool: Pool;
  readonly ids: IdSource;
  readonly board: Board;
  /** What this node takes as a command is no topic for an answer (QN-2.5). */
  readonly table: Pick<DocumentTable, 'routes' | 'rows' | 'found'>;
  readonly lanes: Lanes;
  readonly own: OwnDocuments;
  readonly states: DocumentStates;
  readonly watches: Watches;
  readonly publisher: Publisher;
  readonly acknowledger: Acknowledger;
  readonly counters: DispatchCounters;
  readonly journaling: Journaling;
  readonly keepers: Keepers;
  /** Who may command a document of the agent itself, by the config that runs; undefined: everybody. */
  ownControl(document: string): readonly string[] | undefined;
  /** Absent: everybody may do everything. */
  readonly authorize?: Authorize;
  readonly instruments: Pick<Instruments, 'command' | 'decode'>;
  /** How much the board has to do (QN-6.9). */
  readonly load: { readonly level: DegradeLevel };
  clockQuality(): ClockQuality;
  /** Whose signatures count, by the config that runs. */
  verifier(): TokenVerifier;
}
