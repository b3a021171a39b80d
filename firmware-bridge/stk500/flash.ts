import { pause } from '../../drivers/clock.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { describeError, fail, type Result } from '../../drivers/contract/result.ts';
import type { BridgeClock } from '../clock.ts';
import type { FlashImage } from '../image/intel-hex.ts';
import { type StkRequest, stkInSync, stkOk } from './commands.ts';
import { stkSettleMs, stkWriteMsMax } from './limits.ts';
import { type StkFailure, type StkOptions, type StkWritten, stkScript } from './script.ts';

export interface StkDependencies {
  readonly clock: BridgeClock;
  /** Ends it at the next step, as if the port was gone. */
  readonly signal?: AbortSignal;
  readonly port: BytePort;
  /** Resets the microcontroller from outside, by a line or by DTR. Only such a reset starts optiboot. */
  reset(): Promise<Result<void>>;
  /** Before the old program is destroyed; false: it must not be. */
  onTouch?(): Promise<boolean>;
  /** Bytes written and read back. */
  onProgress?(doneBytes: number, totalBytes: number): void;
}

export interface StkError {
  /** `closed`: the port went away. */
  readonly reason: StkFailure | 'closed';
  readonly detail: string;
  /** The old program is gone; the microcontroller waits in an endless loop until it is flashed again. */
  readonly isTouched: boolean;
}

/** Plays the script on a port that stays the caller's, who sets the listeners of the port again afterwards. */
export async function flashByStk500(
  { clock, signal, port, reset, onTouch, onProgress }: StkDependencies,
  image: FlashImage,
  options: StkOptions,
): Promise<Result<StkWritten, StkError>> {
  const line = listenTo(port, clock);
  const script = stkScript(image, options);
  let isTouched = options.isResumed;
  let resetTrouble = '';
  let answer: Uint8Array | undefined;
  for (;;) {
    const step = script.next(answer);
    answer = undefined;
    const closed = signal?.aborted === true ? 'it was told to end' : line.closed;
    if (closed !== undefined) return fail({ reason: 'closed', detail: closed, isTouched });
    if (step.done === true) {
      if (step.value.ok) return step.value;
      const { reason, detail } = step.value.error;
      return fail({ reason, detail: detail + resetTrouble, isTouched });
    }
    switch (step.value.do) {
      case 'reset': {
        const pulsed = await reset();
        resetTrouble = pulsed.ok ? '' : `; ${describeError(pulsed.error)}`;
        line.forget();
        break;
      }
      case 'settle':
        await pause(clock, stkSettleMs);
        line.forget();
        break;
      case 'touch': {
        const isAllowed = (await onTouch?.()) ?? true;
        isTouched ||= isAllowed;
        answer = isAllowed ? new Uint8Array() : undefined;
        break;
      }
      case 'progress':
        onProgress?.(step.value.doneBytes, step.value.totalBytes);
        break;
      case 'ask':
        answer = await line.ask(step.value.request, step.value.answerMsMax);
        break;
    }
  }
}

interface StkLine {
  /** Why the port is gone. */
  readonly closed: string | undefined;
  ask(request: StkRequest, answerMsMax: number): Promise<Uint8Array | undefined>;
  forget(): void;
}

/** Holds what came last, no more than the longest answer. */
function listenTo(port: BytePort, clock: BridgeClock): StkLine {
  let received: number[] = [];
  let wake: () => void = () => {};
  const line = {
    closed: undefined as string | undefined,
    async ask({ bytes, answerBytes }: StkRequest, answerMsMax: number): Promise<Uint8Array | undefined> {
      received = [];
      const whole = answerBytes + 2;
      const { promise, resolve } = Promise.withResolvers<void>();
      // At the end of what came: the program may have said something before the bootloader did.
      const hasAnswer = () => received.at(-whole) === stkInSync && received.at(-1) === stkOk;
      wake = () => {
        if (hasAnswer() || line.closed !== undefined) resolve();
      };
      const written = await port.write(bytes, stkWriteMsMax);
      if (!written.ok) return undefined;
      {
        using _deadline = clock.after(answerMsMax, resolve);
        wake();
        await promise;
      }
      wake = () => {};
      return hasAnswer() ? Uint8Array.from(received.slice(1 - whole, -1)) : undefined;
    },
    forget() {
      received = [];
    },
  };
  port.onData((chunk) => {
    received.push(...chunk);
    received = received.slice(-receivedBytesMax);
    wake();
  });
  port.onClosed((error) => {
    line.closed = error.detail;
    wake();
  });
  return line;
}

/** The longest answer: a page between its two marks. */
const receivedBytesMax = 256 + 2;
