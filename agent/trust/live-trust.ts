import type { Log } from '../log.ts';
import type { Running } from '../running.ts';
import { newTrustMemory, openTrust, type Trust, type TrustMemory } from './open-trust.ts';
import type { TrustedTimeDependencies } from './trusted-time.ts';

/**
 * The trust of the config that runs, opened when it is first asked for and again when another config runs. Which commands
 * were let through is remembered for as long as the agent runs.
 */
export class LiveTrust implements Disposable {
  readonly #dependencies: TrustedTimeDependencies & { readonly log: Log };
  readonly #running: Running;
  readonly #memory: TrustMemory;
  #open: { readonly trust: Trust; readonly config: Running['config'] } | undefined;

  constructor(dependencies: TrustedTimeDependencies & { readonly log: Log }, running: Running) {
    this.#dependencies = dependencies;
    this.#running = running;
    this.#memory = newTrustMemory(dependencies);
  }

  get current(): Trust {
    const { config } = this.#running;
    if (this.#open?.config === config) return this.#open.trust;
    this.#open?.trust[Symbol.dispose]();
    this.#open = { trust: openTrust(this.#dependencies, config, this.#memory), config };
    return this.#open.trust;
  }

  [Symbol.dispose](): void {
    this.#open?.trust[Symbol.dispose]();
  }
}
