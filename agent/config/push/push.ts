import { ok, type Result } from '../../../drivers/contract/result.ts';
import type { Answerable, Verdict } from '../../dispatch/acknowledge.ts';
import type { OwnCommand } from '../../dispatch/own.ts';
import type { Notify, Value } from '../../qn/message.ts';
import { type Reason, type Refusal, reasons } from '../../qn/reason.ts';
import { judgeFreshness } from '../../trust/freshness.ts';
import { type SignedBy, successorFault } from '../../trust/successor.ts';
import type { TokenRefusal, TokenVerifier } from '../../trust/token.ts';
import type { ChangeOutcome } from '../change/change.ts';
import type { Changeable } from '../change/changeable.ts';
import type { ClockVector } from '../generations/generation.ts';
import type { ChangeRecord } from '../generations/record.ts';
import type { Candidate, ConfigHome } from '../home.ts';
import { isFull, onlyCounting } from './clock-vector.ts';
import type { Claim, ConfigChanges } from './config-changes.ts';
import { givenUp } from './given-up.ts';
import { digestOf, isRollback, readPush } from './read-push.ts';

export interface PushDependencies {
  readonly parts: Changeable;
  readonly home: ConfigHome;
  readonly changes: ConfigChanges;
  /** The keys of the config that runs. */
  trust(): TokenVerifier & { nowMs(): number };
  /** Tells what becomes of a push, and counts how it ends. */
  tell(command: Answerable, verdict: Verdict): void;
  /** Of one that came in an earlier life. */
  tellUncounted(command: Answerable, verdict: Verdict): void;
  /** What was told so far is on the disk, as far as there is one: a power cut does not take it back. */
  toldForGood(): Promise<unknown>;
  /** Counts a refusal, and says it as an event where it stops an attack (QN-7.5b). */
  refused(refusal: TokenRefusal, command: OwnCommand): void;
}

interface Signed {
  readonly author: string;
  readonly by?: SignedBy;
}

/** Under which name everybody without a token counts. */
const unsignedAuthor = 'unsigned';

/** Configs over the air (QN-7.2). Each push is answered with what became of it. */
export class ConfigPushes {
  readonly #dependencies: PushDependencies;
  #isChecking = false;
  /** The last one is told; its traces are taken off the disk. */
  #finishing: Promise<void> | undefined;

  constructor(dependencies: PushDependencies) {
    this.#dependencies = dependencies;
  }

  /** How the last change ended, where the agent did not come to tell it. */
  async tellUntold(): Promise<void> {
    const { home, tellUncounted } = this.#dependencies;
    const record = home.keeper.untold;
    if (record === undefined) return;
    const { asked } = record;
    if (asked !== undefined) {
      const { id, replyTopic } = asked;
      const answerable = { document: 'config', id: BigInt(id), ...(replyTopic !== undefined && { replyTopic }) };
      tellUncounted(answerable, this.#verdictOf(record));
    }
    await this.#finish();
  }

  receive(command: OwnCommand): void {
    const { changes, parts } = this.#dependencies;
    // One at a time, and whatever comes meanwhile costs nothing: a flood of pushes must not keep the board busy.
    if (this.#isChecking || changes.isBusy) return this.#refuse(command, busy);
    this.#isChecking = true;
    void this.#handle(command)
      .catch((err: unknown) => {
        parts.log.error({ err }, 'a pushed config could not be handled');
        return () => this.#refuse(command, { reason: 'internal', detail: 'a bug of the agent; see its log' });
      })
      .then((sayLast) => {
        this.#isChecking = false; // Whoever hears the end may send the next one at once.
        sayLast();
      });
  }

  /** Resolves with what is to be said at the end. */
  async #handle(command: OwnCommand): Promise<() => void> {
    await this.#finishing;
    const { message, answerable, isRetained } = command;
    const { tell, home, changes } = this.#dependencies;
    const refuse = (refusal: TokenRefusal) => () => this.#refuse(command, refusal);
    const first = home.keeper.history.findLast(({ asked }) => isOf(asked, message));
    if (first !== undefined) return () => tell(answerable, duplicateOf(first));
    if (command.expired !== undefined) return refuse(command.expired);
    const signed = await this.#verify(message);
    if (!signed.ok) return refuse(signed.error);
    const claim = this.#claim(command, signed.value);
    if (!claim.ok) return refuse(claim.error);
    if (claim.value === 'same') return () => tell(answerable, { status: 'successful', details: this.#standing() });
    const { running } = changes;
    const candidate = await readPush(home, running, message);
    if (!candidate.ok) return refuse(candidate.error);
    if (changes.running !== running) return refuse(busy); // Somebody on the board was faster: it would get the same version.
    const fault =
      (isRetained ? givenUp(home.keeper, candidate.value.value) : undefined) ??
      this.#successorFault(candidate.value, signed.value);
    return fault === undefined ? await this.#take(command, candidate.value, claim.value) : refuse(fault);
  }

  /** The token first: of whoever has none, nothing is even read. */
  async #verify(message: Notify): Promise<Result<Signed, TokenRefusal>> {
    const { parts, trust } = this.#dependencies;
    if (parts.running.config.overAir.trust === 'none' && message.tok === undefined) {
      return ok({ author: unsignedAuthor });
    }
    const verified = await trust().verify(message, { document: 'config', role: 'config' });
    if (!verified.ok) return verified;
    const { author, kid, roles } = verified.value;
    return ok({ author, by: { kid, roles } });
  }

  /** Which version it becomes. Without a token whoever sends it need not count: then it is the next one. */
  #claim({ message, isRetained }: OwnCommand, { author, by }: Signed): Result<Claim | 'same', TokenRefusal> {
    const { changes, parts } = this.#dependencies;
    const { running } = changes;
    const next = changes.localClaim(author, isRollback(message.val) ? 'rollback' : 'push');
    const { ver = by === undefined ? next.version : undefined, base } = message;
    const vc = message.vc ?? (by === undefined ? { ...running.vc, [author]: ver ?? next.version } : undefined);
    const pushed = digestOf(message);
    if (isRetained && message.ver === undefined && pushed === running.pushed) return ok('same'); // It comes with each connection.
    const { trust } = parts.running.config;
    const counted = (vector: ClockVector) =>
      vc !== undefined && isFull(vc) ? onlyCounting(vector, trust, author) : vector;
    const standing = {
      ver: running.version,
      vc: counted(running.vc),
      ...(running.pushed !== undefined && { sha256: running.pushed }),
    };
    const judged = judgeFreshness(standing, {
      ...{ author, sha256: pushed },
      ...(by !== undefined && { kid: by.kid }),
      ...(ver !== undefined && { ver }),
      ...(vc !== undefined && { vc: counted(vc) }),
      ...(base !== undefined && { base }),
    });
    if (!judged.ok) return judged;
    if (judged.value === 'same' || ver === undefined || vc === undefined) return ok('same');
    const asked = askedOf(message);
    return ok({ ...next, version: ver, vc, pushed, ...(asked !== undefined && { asked }) });
  }

  #successorFault({ checked }: Candidate, { by }: Signed): TokenRefusal | undefined {
    const { parts, trust } = this.#dependencies;
    return successorFault(parts.running.config, checked.config, by, trust().nowMs());
  }

  async #take({ answerable }: OwnCommand, candidate: Candidate, claim: Claim): Promise<() => void> {
    const { changes, tell, home } = this.#dependencies;
    let isBegun = false;
    // Not sooner: a cut before would leave it without an end.
    const begun = () => {
      if (isBegun) return;
      isBegun = true;
      tell(answerable, { status: 'accepted' });
      tell(answerable, { status: 'executing' });
    };
    const asked = claim.asked === undefined ? undefined : { ...claim.asked, ...replyOf(answerable) };
    const outcome = await changes.take(candidate, { ...claim, ...(asked !== undefined && { asked }) }, begun);
    return () => {
      if (outcome.status === 'aborted') return; // The next life of the agent tells it.
      begun();
      tell(answerable, this.#verdictOfOutcome(outcome));
      if (home.keeper.untold !== undefined) this.#finishing = this.#finish();
    };
  }

  /** First the ack, then the note that somebody is still to be told: the other way round a cut in between loses both. */
  async #finish(): Promise<void> {
    const { changes, toldForGood } = this.#dependencies;
    await toldForGood();
    await changes.told();
  }

  #verdictOfOutcome(outcome: Exclude<ChangeOutcome, { status: 'aborted' }>): Verdict {
    if (outcome.status === 'successful') return { status: 'successful', details: this.#standing(), isJournaled: true };
    const { reason, detail } = outcome.refusal;
    const rollback = outcome.status === 'failed' ? outcome.rollback : 'not-needed';
    const details = { rollback, ...this.#standing() };
    return { status: 'failed', reason, detail, details, isJournaled: true };
  }

  #verdictOf({ status, reason, detail, rollback }: ChangeRecord): Verdict {
    const details = { ...(rollback !== undefined && { rollback }), ...this.#standing() };
    const why = reasonOf(reason);
    return {
      ...{ status, details, isJournaled: true },
      ...(why !== undefined && { reason: why }),
      ...(detail !== undefined && { detail }),
    };
  }

  /** The version that runs, whatever became of the push. */
  #standing(): { readonly [key: string]: Value } {
    const { changes, parts } = this.#dependencies;
    return { version: changes.running.version, hash: parts.running.hash };
  }

  #refuse(command: OwnCommand, refusal: TokenRefusal): void {
    const { tell, refused } = this.#dependencies;
    const { reason, detail } = refusal;
    refused(refusal, command);
    const status = reason === 'expired' ? reason : 'rejected';
    tell(command.answerable, { status, reason, detail, details: this.#standing() });
  }
}

const busy: Refusal = {
  reason: 'busy',
  detail: 'another config is being taken at this moment; send it again when it is through',
};

/** Without an id nobody could tell a second delivery from the first, and there is nobody to tell later. */
function askedOf({ src, id }: Notify): Claim['asked'] {
  return id === undefined ? undefined : { source: src ?? '', id: id.toString() };
}

function replyOf({ replyTopic }: Answerable): { readonly replyTopic?: string } {
  return replyTopic === undefined ? {} : { replyTopic };
}

function isOf(asked: ChangeRecord['asked'], { src = '', id }: Notify): boolean {
  return asked !== undefined && id !== undefined && asked.source === src && asked.id === id.toString();
}

function duplicateOf({ status, reason }: ChangeRecord): Verdict {
  const why = reasonOf(reason);
  return { status: 'duplicate', reason: 'duplicate', first: { status, ...(why !== undefined && { reason: why }) } };
}

function reasonOf(text: string | undefined): Reason | undefined {
  return reasons.find((known) => known === text);
}
