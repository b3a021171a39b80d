import type { GpioBackend } from '../drivers/contract/digital.ts';
import type { PwmBackend } from '../drivers/contract/pwm.ts';
import type { Result } from '../drivers/contract/result.ts';
import type { Clock } from './clock.ts';
import type { Changeable } from './config/change/changeable.ts';
import type { Config } from './config/config.ts';
import type { ConfigHome } from './config/home.ts';
import type { ConfigOffice } from './config/push/office.ts';
import type { DocumentTable } from './dispatch/table.ts';
import type { DocumentSurroundings, OutputGuard } from './documents/kind.ts';
import type { FullTestSubjects } from './health/full-tests.ts';
import type { HealthSources } from './health/report.ts';
import type { SelfTestReport } from './health/self-test.ts';
import type { Vitals } from './health/watchdog.ts';
import type { Log, LogBook } from './log.ts';
import type { Link, LinkHandlers, LinkRole, Subscription } from './mqtt/link.ts';
import type { StoreError } from './store/error.ts';
import type { Store, StoreTrouble } from './store/store.ts';

/** What the agent cannot make itself; in tests each of these is a simulated one. */
export interface Environment {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  /** Whether somebody sets the clock. Absent: only what systemd-timesyncd says. */
  readonly isClockSynced?: () => boolean;
  /** The log as a whole, where it can be read and changed; absent in some tests. */
  readonly logBook?: LogBook;
  openGpio(config: Config['gpio']): Promise<Result<GpioBackend>>;
  readonly openBytePort: DocumentSurroundings['openBytePort'];
  createPwm(config: Config['gpio']): PwmBackend;
  /** Absent: nothing outlives the agent, as in some tests. */
  openStore?(onTrouble: (trouble: StoreTrouble) => void): Promise<Result<Store, StoreError>>;
  openLink(role: LinkRole, subscriptions: readonly Subscription[], handlers: LinkHandlers): Link;
  /** How a link is opened with the settings of another config; fails with what cannot be read. Absent: as at the start. */
  prepareLink?(config: Config): Promise<Result<Environment['openLink'], string>>;
  /** Where configs are kept; absent: there is only the one of the start. */
  readonly configs?: ConfigHome;
  /** What a self-test takes besides the board. Absent: the agent does not test itself when it is asked. */
  testSurroundings?(config: Config): TestSurroundings;
  /** Until it is disposed of, lines of outputs that are closed are held on, as they are, for whoever opens them next. */
  keepLines?(): Disposable;
  /** Aborted: the agent is to end, also while it starts: nothing waits for a device any more that does not answer. */
  readonly ending?: AbortSignal;
  /** Who goes on with an output when the agent is gone. */
  readonly guardOf?: (document: string) => OutputGuard;
  /** The agent ends, and every output is in its exit state. What follows may take as long as the disk does. */
  outputsClosed?(): void;
  /** Another config runs from now on: for what the process keeps besides the agent. */
  configured?(config: Config): Promise<void>;
}

export type TestSurroundings = Pick<FullTestSubjects, 'code' | 'watchdog' | 'roundTrip' | 'mqtt' | 'reloadConfig'>;

export interface Agent extends AsyncDisposable {
  readonly boot: bigint;
  readonly selfTest: SelfTestReport;
  readonly table: DocumentTable;
  /** For tests and diagnostics: the sources of the health report. */
  readonly sources: HealthSources;
  /** For the watchdog. */
  vitals(): Vitals;
  /** What a new config changes while the agent runs. */
  readonly changeable: Changeable;
  /** Takes other configs; undefined where there is only the one of the start. */
  readonly office: Promise<ConfigOffice | undefined> | undefined;
}
