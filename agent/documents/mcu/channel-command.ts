import { type DriverError, fail } from '../../../drivers/contract/result.ts';
import type { ChannelValue } from '../../../firmware-bridge/link/channel-value.ts';
import type { Performed } from '../kind.ts';
import { tooLate } from '../waiting.ts';

/** What is asked and told of a command on its way. */
export interface Steps {
  readonly isTooLate?: () => boolean;
  /** It goes out: from here on it may have its effect. */
  readonly onSend?: () => void;
  /** The microcontroller has it. */
  readonly taken?: () => void;
}

/** One command for a channel, between its beginning and its end. */
export class ChannelCommand {
  readonly id: number;
  readonly wanted: ChannelValue;
  readonly ended: Promise<Performed>;
  isAcknowledged = false;
  isReported = false;
  readonly #steps: Steps;
  readonly #resolve: (result: Performed) => void;
  #isSent = false;
  #isEnded = false;

  constructor(id: number, wanted: ChannelValue, steps: Steps) {
    const { promise, resolve } = Promise.withResolvers<Performed>();
    this.id = id;
    this.wanted = wanted;
    this.ended = promise;
    this.#steps = steps;
    this.#resolve = resolve;
  }

  /** Its turn on the link has come; false: it is not to be sent any more. */
  goOut(): boolean {
    if (this.#isEnded || this.#isTooLate) return false;
    this.#isSent = true;
    this.#steps.onSend?.();
    return true;
  }

  /** The link does not bring it there; once sent, it may have had its effect. */
  lose(error: DriverError): void {
    this.end(!this.#isSent && this.#isTooLate ? notSent : fail(error));
  }

  /** Only the first end counts. */
  end(result: Performed): void {
    this.#isEnded = true;
    this.#resolve(result);
  }

  get #isTooLate(): boolean {
    return this.#steps.isTooLate?.() === true;
  }
}

export const notSent = tooLate('it was not sent');
