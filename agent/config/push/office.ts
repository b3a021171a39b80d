import type { Result } from '../../../drivers/contract/result.ts';
import type { Acknowledger } from '../../dispatch/acknowledge.ts';
import type { DispatchCounters } from '../../dispatch/counters.ts';
import type { OwnCommand } from '../../dispatch/own.ts';
import type { DocumentStates } from '../../documents/states.ts';
import type { AttackEvents } from '../../trust/attack-events.ts';
import type { TokenRefusal, TokenVerifier } from '../../trust/token.ts';
import type { Changeable } from '../change/changeable.ts';
import { hashNext } from '../hash-next.ts';
import type { ConfigHome } from '../home.ts';
import { ConfigChanges } from './config-changes.ts';
import { valueOfConfig } from './config-state.ts';
import { changeLocally, type LocalAnswer, type LocalWish } from './local.ts';
import { ConfigPushes } from './push.ts';

export interface OfficeDependencies {
  readonly parts: Changeable;
  readonly home: ConfigHome;
  readonly states: DocumentStates;
  readonly acknowledger: Acknowledger;
  readonly counters: DispatchCounters;
  readonly attacks: AttackEvents;
  toldForGood(): Promise<unknown>;
  /** The largest message of this board. */
  readonly payloadBytesMax: number;
  trust(): TokenVerifier & { nowMs(): number };
}

/** Everything about taking configs while the agent runs. */
export interface ConfigOffice {
  readonly changes: ConfigChanges;
  readonly home: ConfigHome;
  /** Of the config that a restart would run. */
  hashNext(): Promise<Result<string, string>>;
  /** A change that comes from the board itself. */
  change(wish: LocalWish): Promise<LocalAnswer>;
  /** A command on `notify/config`. */
  receive(command: OwnCommand): void;
  close(): Promise<void>;
}

/** What a message has besides its value, and more. */
const envelopeBytes = 1_024;

/** A part: it is loaded when the board is up. */
export async function openOffice(dependencies: OfficeDependencies): Promise<ConfigOffice> {
  const { parts, home, states, acknowledger, counters, payloadBytesMax, trust, toldForGood } = dependencies;
  const changed = () => {
    const { history, previous } = home.keeper;
    const standing = { running: changes.running, hash: parts.running.hash, history, previous };
    states.change('config', valueOfConfig(standing, payloadBytesMax - envelopeBytes));
  };
  const changes = new ConfigChanges({ parts, home, changed });
  const refused = createRefusals(dependencies);
  const tell: Acknowledger['tell'] = (command, verdict) => {
    if (verdict.status === 'successful') counters.succeed();
    if (verdict.status === 'failed') counters.fail();
    if (verdict.status === 'duplicate') counters.refuse('duplicate');
    acknowledger.tell(command, verdict);
  };
  const tellUncounted: Acknowledger['tell'] = (command, verdict) => acknowledger.tell(command, verdict);
  const pushes = new ConfigPushes({ parts, home, changes, trust, tell, tellUncounted, toldForGood, refused });
  changed();
  await pushes.tellUntold();
  return {
    changes,
    home,
    hashNext: () => hashNext(home, changes.running, parts.running.hash),
    change: (wish) => changeLocally(changes, home, wish),
    receive: (command) => pushes.receive(command),
    close: () => changes.close(),
  };
}

/** Counted, each of them; told by an event where it stops an attack. */
function createRefusals({
  parts,
  counters,
  attacks,
}: OfficeDependencies): (refusal: TokenRefusal, command: OwnCommand) => void {
  return (refusal, { message: { src }, answerable: { document } }) => {
    counters.refuse(refusal.reason);
    parts.log.debug({ ...refusal, src }, 'a config was refused');
    attacks.tell(refusal, { document, ...(src !== undefined && { src }) });
  };
}
