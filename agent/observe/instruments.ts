import { Histogram } from './histogram.ts';

/** What is measured at every message, since start. */
export interface Instruments {
  /** From the arrival of a command to its end. */
  readonly command: Histogram;
  readonly decode: Histogram;
  readonly encode: Histogram;
  /** From the outbox taking a message until it is handed to the link for the first time. */
  readonly sendWait: Histogram;
  /** From there until the broker acknowledged it. */
  readonly acknowledge: Histogram;
}

/** Of a message on its way out. */
export type SendTimes = Pick<Instruments, 'sendWait' | 'acknowledge'>;

export function createInstruments(): Instruments {
  return {
    command: new Histogram(),
    decode: new Histogram(),
    encode: new Histogram(),
    sendWait: new Histogram(),
    acknowledge: new Histogram(),
  };
}
