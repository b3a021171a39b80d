import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { GpioOutConfig, InterlockConfig } from '../config/config.ts';
import type { Refusal } from '../qn/reason.ts';
import type { InterlockGroup, InterlockMember } from './interlock.ts';

interface Output extends InterlockMember {
  /** As it was driven last. */
  readonly isOn: boolean;
  /** False: it is off, for certain. */
  readonly mayBeOn: boolean;
}

/** The place of an output in its interlock group. One that is in no group may always go on. */
export class InterlockSeat {
  readonly #group: InterlockGroup | undefined;
  readonly #member: Output;
  readonly #config: InterlockConfig | undefined;

  constructor(group: InterlockGroup | undefined, member: Output, { interlock }: GpioOutConfig) {
    this.#group = group;
    this.#member = member;
    this.#config = interlock;
  }

  /** It begins, and is off: if it was closed while it was on, that ends here. */
  begin(): void {
    if (this.#group?.heldBy === this.#member.name) this.release(true);
  }

  /** After how many ms it may go on; until it lets go it holds the group. Nobody gives way. */
  ask(): Result<number, Refusal> {
    return this.#request('refuse');
  }

  /** The same for a command: where the config says so, the member that is on gives way. */
  claim(): Result<number, Refusal> {
    return this.#request(this.#config?.policy ?? 'refuse');
  }

  /** Whether it may go on at this moment, though nobody commanded it. */
  mayGoOn(): boolean {
    const free = this.ask();
    if (free.ok && free.value === 0) return true;
    this.letGo();
    return false;
  }

  /** It does not want to go on any more; but while it may be on it holds the group. */
  letGo(): void {
    if (!this.#member.mayBeOn) this.release(false);
  }

  /** `wasOn`: until now, when it went off. */
  release(wasOn: boolean): void {
    this.#group?.release(this.#member, wasOn);
  }

  #request(policy: InterlockConfig['policy']): Result<number, Refusal> {
    const passage = this.#group?.request(this.#member, policy);
    if (passage === undefined) return ok(0);
    if ('heldBy' in passage) return fail(interlockedRefusal(this.#config, passage.heldBy));
    return ok(this.#member.isOn ? 0 : passage.waitMs); // Found on at the start, say: no dead time takes it off.
  }
}

function interlockedRefusal(interlock: InterlockConfig | undefined, heldBy: string): Refusal {
  const group = interlock?.group ?? '';
  const detail = `${heldBy} of the interlock group ${group} is on; switch it off first, or set interlock-policy: switch`;
  return { reason: 'interlocked', detail };
}
