import { fail } from '../../drivers/contract/result.ts';
import type { Config } from '../config/config.ts';
import type { Log } from '../log.ts';
import { timeFloorKeepMs } from './limits.ts';
import { ReplayGuard } from './replay-guard.ts';
import type { TokenVerifier } from './token.ts';
import { createTrustedTime, type TrustedTimeDependencies } from './trusted-time.ts';
import type { VerifierOptions } from './verifier.ts';

/** The check of tokens, and the time it goes by, which is kept while the agent runs. */
export interface Trust extends TokenVerifier, Disposable {
  /** Trusted time, for whoever judges how old something signed is. */
  nowMs(): number;
}

/** Which commands were let through; a config that follows goes on with it. */
export type TrustMemory = Pick<VerifierOptions, 'memoryMs' | 'replays' | 'orders' | 'used'>;

export function newTrustMemory({ clock, values }: Pick<TrustedTimeDependencies, 'clock' | 'values'>): TrustMemory {
  const startMs = clock.monotonicMs();
  return {
    memoryMs: () => clock.monotonicMs() - startMs,
    replays: new ReplayGuard(),
    orders: { known: new Map(), values },
    used: { known: new Map(), values },
  };
}

/** For this board. What it needs is loaded with the first token. */
export function openTrust(
  dependencies: TrustedTimeDependencies & { readonly log: Log },
  config: Pick<Config, 'node' | 'groups' | 'trust'>,
  memory: TrustMemory = newTrustMemory(dependencies),
): Trust {
  const time = createTrustedTime(dependencies);
  const names = namesOf(config);
  let timer: Disposable;
  const keepTime = () => {
    time.nowMs();
    timer = dependencies.clock.after(timeFloorKeepMs, keepTime);
  };
  keepTime();
  let loading: Promise<TokenVerifier> | undefined;
  const load = async () => {
    const { createVerifier } = await import('./verifier.ts');
    return createVerifier(time, { keys: config.trust.keys, names, ...memory });
  };
  return {
    async verify(message, addressed) {
      try {
        loading ??= load();
        return await (await loading).verify(message, addressed);
      } catch (err) {
        dependencies.log.error({ err }, 'the check of tokens does not work; what must be signed is refused');
        return fail({ reason: 'internal', detail: 'the check of tokens does not work on this board; see its log' });
      }
    },
    nowMs: () => time.nowMs(),
    [Symbol.dispose]: () => timer[Symbol.dispose](),
  };
}

/** What a token may be addressed to, to be for this node (QN-1.2). */
export function namesOf({ node, groups }: Pick<Config, 'node' | 'groups'>): readonly string[] {
  return [node, '@all', ...groups.map((group) => `@${group}`)];
}
