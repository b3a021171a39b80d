import type { Result } from '../../../drivers/contract/result.ts';
import type { Clock } from '../../clock.ts';
import type { Lanes } from '../../dispatch/lanes.ts';
import type { LiveTable } from '../../dispatch/live-table.ts';
import type { Board } from '../../documents/board.ts';
import type { Express } from '../../express.ts';
import type { SelfTestReport } from '../../health/self-test.ts';
import type { Log } from '../../log.ts';
import type { Value } from '../../qn/message.ts';
import type { Refusal } from '../../qn/reason.ts';
import type { Running } from '../../running.ts';
import type { OpenLink, Uplink } from '../../uplink.ts';
import type { Config } from '../config.ts';

/** The agent as far as a new config changes it while it runs. */
export interface Changeable {
  readonly clock: Clock;
  readonly log: Log;
  readonly running: Running;
  readonly table: LiveTable;
  readonly board: Board;
  readonly lanes: Lanes;
  readonly uplink: Uplink;
  readonly express: Express;
  /** What a document is at now, where it is known. */
  valueOf(document: string): Value | undefined;
  /** The way to the brokers of this config; fails with what cannot be read. Touches nothing. */
  prepareLink(config: Config): Promise<Result<OpenLink, string>>;
  /** Until it is disposed of, a line that is closed stays as it is, for the document that opens it next. */
  keepLines(): Disposable;
  /** What this document was to remember: it is gone for good. */
  forget(document: string): void;
  /** Takes over from `running` what is neither board nor link. */
  settle(before: Config): Promise<void>;
  /** Of the last run. */
  report(): SelfTestReport;
  /** The quick self-test of the board as it is now. */
  test(): Promise<SelfTestReport>;
  tellHealth(): void;
}

/** restored: the config of before runs again, as well as before · failed: it does not · not-needed: nothing was touched. */
export type Rollback = 'restored' | 'failed' | 'not-needed';

/** Where configs are kept over a restart. Each call is durable when it resolves. */
export interface Keeping {
  /** From here on a restart finds that this change was under way. */
  begin(): Promise<Result<void, string>>;
  /** From here on a restart goes on with the new config. */
  commit(): Promise<Result<void, string>>;
  /** From here on a restart knows nothing of this change but that it failed. */
  abandon(why: Refusal, rollback: Rollback): Promise<void>;
}
