import { type Acknowledger, createAcknowledger } from './dispatch/acknowledge.ts';
import { createAuthorize } from './dispatch/authorize.ts';
import type { DispatchCounters } from './dispatch/counters.ts';
import { ExpressAcks } from './dispatch/express-acks.ts';
import { createHandler } from './dispatch/handle.ts';
import { createJournaling } from './dispatch/journaling.ts';
import type { Keepers } from './dispatch/keepers.ts';
import { Lanes } from './dispatch/lanes.ts';
import { takeUpLeftBehind } from './dispatch/left-behind.ts';
import type { OwnCommand } from './dispatch/own.ts';
import { DispatchLoop } from './dispatch/run.ts';
import type { DocumentTable } from './dispatch/table.ts';
import type { Board } from './documents/board.ts';
import type { Environment } from './environment.ts';
import { Express } from './express.ts';
import type { LoadWatch } from './health/load-watch.ts';
import { poolProfiles } from './limits.ts';
import { ExpressOutbox } from './mqtt/express-outbox.ts';
import type { LocalApplications } from './observe/local-applications.ts';
import type { Pool } from './pool/pool.ts';
import type { Running } from './running.ts';
import type { Store } from './store/store.ts';
import { type AttackEvents, createAttackEvents, tellingVerifier } from './trust/attack-events.ts';
import type { OwnControl } from './trust/control.ts';
import { LiveTrust } from './trust/live-trust.ts';
import type { Trust } from './trust/open-trust.ts';
import type { Voice } from './voice.ts';

export interface DispatchParts {
  readonly pool: Pool;
  readonly voice: Voice;
  readonly table: DocumentTable;
  readonly board: Board;
  readonly counters: DispatchCounters;
  readonly local: LocalApplications;
  readonly store: Store | undefined;
  readonly keepers: Keepers;
  readonly load: LoadWatch;
}

export interface Dispatch {
  readonly loop: DispatchLoop;
  readonly lanes: Lanes;
  readonly express: Express;
  readonly acknowledger: Acknowledger;
  /** Commands on documents of the agent itself. */
  readonly own: Map<string, (command: OwnCommand) => void>;
  readonly attacks: AttackEvents;
  /** Of the config that runs. */
  trust(): Trust;
  /** Resolves when no command is under way and none waits. */
  settled(): Promise<void>;
}

/** The loop with everything that handling a message takes. */
export function openDispatch(running: Running, environment: Environment, parts: DispatchParts): Dispatch {
  const { clock, log } = environment;
  const { pool, voice, table, board, counters, local, store, keepers, load } = parts;
  const acks = () => running.config.mqtt.acks;
  const told = createAcknowledger(voice.publisher, acks);
  const expressOutbox = new ExpressOutbox(voice.durable);
  const expressAcks = new ExpressAcks(createAcknowledger(voice.publisherOver(expressOutbox), acks));
  const acknowledger: Acknowledger = {
    tell(command, verdict) {
      const isUrgent = board.row(command.document)?.isEmergency === true;
      (isUrgent ? expressAcks : told).tell(command, verdict);
      local.http?.acknowledged(command, verdict);
    },
  };
  const lanes = new Lanes(board);
  const own: Dispatch['own'] = new Map(); // One per document of the agent itself.
  const isStoreless = environment.openStore === undefined;
  const journaling = createJournaling({ clock, log, store, isStoreless, boot: voice.boot });
  const trust = new LiveTrust({ clock, log, clockQuality: voice.clockQuality, values: store?.values }, running);
  const attacks = createAttackEvents({ clock, log, publisher: voice.publisher, epoch: voice.boot });
  const verifier = () => tellingVerifier(trust.current, attacks);
  const authorize = createAuthorize(verifier, () => running.config.trust.keys);
  const parties = { board, table, lanes, own, acknowledger, counters, journaling, keepers, load, authorize };
  const ownControl = (name: string) => controlOf(running.config.trust.control, name);
  const dependencies = { ...voice, verifier, ownControl, clock, log, pool, ...parties };
  const { handle, takePlain, refuse, carryOut, settled } = createHandler(dependencies, running.config.mqtt.root);
  if (store !== undefined) void takeUpLeftBehind(store.journal, table.rows, dependencies, carryOut);
  const limits = poolProfiles[running.config.pool.profile];
  const inboundCountMax = limits.small.quota.inbound + limits.large.quota.inbound;
  const loop = new DispatchLoop({ clock, pool, table, counters, handle, takePlain, refuse }, inboundCountMax);
  return {
    loop,
    lanes,
    express: new Express({ clock, log, table, loop, outbox: expressOutbox, acks: expressAcks }),
    acknowledger,
    own,
    attacks,
    trust: () => trust.current,
    async settled() {
      await settled();
      trust[Symbol.dispose]();
    },
  };
}

function controlOf(control: OwnControl = {}, document: string): readonly string[] | undefined {
  return document === 'log' || document === 'selftest' ? control[document] : undefined;
}
