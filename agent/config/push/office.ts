import type { Acknowledger } from '../../dispatch/acknowledge.ts';
import type { DispatchCounters } from '../../dispatch/counters.ts';
import type { OwnCommand } from '../../dispatch/own.ts';
import type { Publisher } from '../../documents/publisher.ts';
import type { DocumentStates } from '../../documents/states.ts';
import { refusalEventMs } from '../../trust/limits.ts';
import type { Attack, TokenRefusal, TokenVerifier } from '../../trust/token.ts';
import type { Changeable } from '../change/changeable.ts';
import type { ConfigHome } from '../home.ts';
import { ConfigChanges } from './config-changes.ts';
import { valueOfConfig } from './config-state.ts';
import { changeLocally, type LocalAnswer, type LocalWish } from './local.ts';
import { ConfigPushes } from './push.ts';

export interface OfficeDependencies {
  readonly parts: Changeable;
  readonly home: ConfigHome;
  readonly states: DocumentStates;
  readonly publisher: Publisher;
  readonly acknowledger: Acknowledger;
  readonly counters: DispatchCounters;
  toldForGood(): Promise<unknown>;
  /** The largest message of this board. */
  readonly payloadBytesMax: number;
  trust(): TokenVerifier & { nowMs(): number };
}

/** Everything about taking configs while the agent runs. */
export interface ConfigOffice {
  readonly changes: ConfigChanges;
  readonly home: ConfigHome;
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
    change: (wish) => changeLocally(changes, home, wish),
    receive: (command) => pushes.receive(command),
    close: () => changes.close(),
  };
}

/** QN-7.5b. One event a minute for each attack, so that an attacker cannot use up the broker; all of them are counted. */
function createRefusals({
  parts,
  publisher,
  counters,
  states,
}: OfficeDependencies): (refusal: TokenRefusal, command: OwnCommand) => void {
  const { clock, log } = parts;
  const told = new Map<Attack, { count: number; atMs: number }>(); // One per attack at most.
  return ({ attack, reason, detail, kid }, { message, answerable }) => {
    counters.refuse(reason);
    log.warn({ reason, attack, kid, src: message.src, detail }, 'a config was refused');
    if (attack === undefined) return;
    const last = told.get(attack) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY };
    last.count += 1;
    told.set(attack, last);
    const nowMs = clock.monotonicMs();
    if (nowMs - last.atMs < refusalEventMs) return;
    const { src } = message;
    const val = {
      ...{ what: 'refused', attack, reason, document: answerable.document, detail, count: last.count },
      ...(kid !== undefined && { kid }),
      ...(src !== undefined && { src }),
    };
    last.atMs = nowMs;
    last.count = 0;
    const event = { t: 'event', val, ep: states.epoch } as const;
    publisher.say({ message: event, to: { verb: 'event', document: 'agent' }, retain: false, policy: 'keep' });
  };
}
