import type { Clock } from '../clock.ts';
import type { Publisher } from '../documents/publisher.ts';
import type { Log } from '../log.ts';
import { refusalEventMs } from './limits.ts';
import type { Attack, TokenRefusal, TokenVerifier } from './token.ts';

/** What was refused, and who said he had sent it. */
export interface Refused {
  readonly document: string;
  readonly src?: string;
}

/** QN-7.5b. */
export interface AttackEvents {
  /** Says nothing of a refusal that stops no attack. */
  tell(refusal: TokenRefusal, refused: Refused): void;
}

export interface AttackEventsDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly publisher: Publisher;
  /** Boot id of this life. */
  readonly epoch: bigint;
}

/** One event a minute for each attack, so that an attacker can use up neither the broker nor the log; all are counted. */
export function createAttackEvents({ clock, log, publisher, epoch }: AttackEventsDependencies): AttackEvents {
  const told = new Map<Attack, { count: number; atMs: number }>(); // One per attack at most.
  return {
    tell({ attack, reason, detail, kid }, { document, src }) {
      if (attack === undefined) return;
      const last = told.get(attack) ?? { count: 0, atMs: Number.NEGATIVE_INFINITY };
      last.count += 1;
      told.set(attack, last);
      const nowMs = clock.monotonicMs();
      if (nowMs - last.atMs < refusalEventMs) return;
      const val = {
        ...{ what: 'refused', attack, reason, document, detail, count: last.count },
        ...(kid !== undefined && { kid }),
        ...(src !== undefined && { src }),
      };
      last.atMs = nowMs;
      last.count = 0;
      log.warn({ ...val }, 'what was to be signed was refused');
      const event = { t: 'event', val, ep: epoch } as const;
      publisher.say({ message: event, to: { verb: 'event', document: 'agent' }, retain: false, policy: 'keep' });
    },
  };
}

/** The same check, which also tells what it refuses. */
export function tellingVerifier(verifier: TokenVerifier, events: AttackEvents): TokenVerifier {
  return {
    async verify(message, purpose) {
      const verified = await verifier.verify(message, purpose);
      const { src } = message;
      if (!verified.ok) events.tell(verified.error, { document: purpose.document, ...(src !== undefined && { src }) });
      return verified;
    },
  };
}
