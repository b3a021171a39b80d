import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { messageOf } from '../../../drivers/system-error.ts';
import { nextTurn } from '../../clock.ts';
import { type ChangeOutcome, changeConfig, planOf } from '../change/change.ts';
import type { Changeable, Keeping } from '../change/changeable.ts';
import type { ConfigPlan } from '../change/plan.ts';
import type { Config } from '../config.ts';
import { type ClockVector, contentOf, type Generation, type Origin } from '../generations/generation.ts';
import type { Asked, PendingChange } from '../generations/record.ts';
import type { Candidate, ConfigHome } from '../home.ts';
import { isFull, onlyCounting } from './clock-vector.ts';

/** As what a config is taken: which version it becomes, and who wants it. */
export interface Claim {
  readonly version: number;
  readonly vc: ClockVector;
  readonly author: string;
  readonly origin: Origin;
  /** Of the `val` of the message that brought it; absent: it came from the board itself. */
  readonly pushed?: string;
  readonly asked?: Asked;
}

export interface ConfigChangesDependencies {
  readonly parts: Changeable;
  readonly home: ConfigHome;
  /** Another config runs, or a change ended. */
  changed(): void;
}

const busy: ChangeOutcome = {
  status: 'rejected',
  refusal: { reason: 'busy', detail: 'another config is being taken at this moment; send it again when it is through' },
};

/** Takes configs, one at a time, and knows which one runs. */
export class ConfigChanges {
  readonly #dependencies: ConfigChangesDependencies;
  readonly #stop = new AbortController();
  #running: Generation;
  #current: Promise<unknown> | undefined;
  #telling: Promise<void> = Promise.resolve();

  constructor(dependencies: ConfigChangesDependencies) {
    this.#dependencies = dependencies;
    const { home, parts } = dependencies;
    this.#running = withRoom(home.generation, parts.running.config);
  }

  get running(): Generation {
    return this.#running;
  }

  get isBusy(): boolean {
    return this.#current !== undefined;
  }

  plan({ checked }: Candidate): ConfigPlan {
    return planOf(this.#dependencies.parts, checked);
  }

  /** The next version, on behalf of somebody on the board itself. */
  localClaim(author: string, origin: Origin): Claim {
    const { version, vc } = this.#running;
    return { version: version + 1, vc: { ...vc, [author]: (vc[author] ?? 0) + 1 }, author, origin };
  }

  /** When it resolves, the outcome is durable; `told` ends it. `begun`: from here on it has an end, whatever happens. */
  async take(candidate: Candidate, claim: Claim, begun = () => {}): Promise<ChangeOutcome> {
    if (this.#current !== undefined) return busy;
    if (this.#stop.signal.aborted) return { status: 'aborted' }; // It was still being checked when the agent stopped.
    const taking = this.#take(candidate, claim, begun);
    this.#current = taking;
    try {
      return await taking;
    } finally {
      this.#current = undefined;
      this.#dependencies.changed();
    }
  }

  /** Whoever asked for the last change has been told how it ended. One that is under way meanwhile has a note of its own. */
  async told(): Promise<void> {
    if (this.#current !== undefined) return;
    this.#telling = this.#told();
    await this.#telling;
  }

  /** A change that is under way ends as it is; the next life of the agent tells what became of it. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#current?.catch(() => {}); // Whoever asked for it hears of that.
  }

  async #told(): Promise<void> {
    const { home, parts } = this.#dependencies;
    try {
      await home.keeper.told();
    } catch (err) {
      parts.log.warn({ err }, 'the end of a change of the config is told again after a restart');
    }
  }

  async #take({ value, checked }: Candidate, claim: Claim, begun: () => void): Promise<ChangeOutcome> {
    const { parts, home } = this.#dependencies;
    await this.#telling; // It takes away the note of the one before, not of this one.
    const { asked: _asked, ...named } = claim;
    const file = await home.load();
    await nextTurn();
    const content = file.ok ? contentOf(file.value.value) : this.#running.file;
    const atMs = parts.clock.wallMs();
    const next = withRoom({ ...named, value, atMs, ...(content !== undefined && { file: content }) }, checked.config);
    const pending = { to: contentOf(value), atMs, ...claim };
    const wish = { next: checked, isOverAir: claim.pushed !== undefined };
    const outcome = await changeConfig(parts, wish, this.#keeping(pending, next, begun), this.#stop.signal);
    if (outcome.status !== 'successful') return outcome;
    this.#running = next;
    const { version, author, origin } = next;
    parts.log.info({ version, author, origin, hash: checked.hash }, 'another config runs');
    return outcome;
  }

  #keeping(pending: PendingChange, next: Generation, begun: () => void): Keeping {
    const { keeper } = this.#dependencies.home;
    const { to, version, author, origin, atMs, asked } = pending;
    const change = { to, version, author, origin, atMs, ...(asked !== undefined && { asked }) };
    return {
      begin: () => attempt(() => keeper.begin(change, next).then(begun)),
      commit: () => attempt(() => keeper.commit(next, this.#running)),
      abandon: async ({ reason, detail }, rollback) => {
        const abandoned = await attempt(() => keeper.abandon({ status: 'failed', reason, detail, rollback }));
        if (!abandoned.ok)
          this.#dependencies.parts.log.error({ detail: abandoned.error }, 'a failed config is not put away');
      },
    };
  }
}

function withRoom(generation: Generation, { trust }: Config): Generation {
  const { vc, author } = generation;
  return isFull(vc) ? { ...generation, vc: onlyCounting(vc, trust, author) } : generation;
}

async function attempt(write: () => Promise<void>): Promise<Result<void, string>> {
  try {
    await write();
    return ok();
  } catch (error) {
    return fail(messageOf(error));
  }
}
