import { pause } from '../../drivers/clock.ts';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BridgeClock } from '../clock.ts';
import type { SmpFields } from './cbor.ts';
import { type ImageSlot, imageSlots } from './image-messages.ts';
import { smpRebootMsMax, smpRetryMs } from './limits.ts';
import { createSmpLine, type SmpFraming, type SmpLine } from './line.ts';
import { type AskOptions, askSmp, type SmpError, type SmpRequest } from './request.ts';
import { readImages } from './requests.ts';

/** One microcontroller that speaks SMP, over a port that is opened again whenever it went away. */
export interface SmpTarget extends AsyncDisposable {
  line(): Promise<Result<SmpLine, SmpError>>;
  /** Lets go of the port; it is opened again when it is needed. */
  release(): Promise<void>;
  ask(request: SmpRequest, options?: AskOptions): Promise<Result<SmpFields, SmpError>>;
  slots(): Promise<Result<readonly ImageSlot[], SmpError>>;
  /** Asks for the slots again and again, through a restart, until they are as wanted. Swapping takes as long as it takes. */
  slotsWhen(isWanted: (slots: readonly ImageSlot[]) => boolean): Promise<Result<readonly ImageSlot[], SmpError>>;
}

export function createSmpTarget(
  clock: BridgeClock,
  framing: SmpFraming,
  open: () => Promise<Result<BytePort>>,
): SmpTarget {
  let current: { readonly port: BytePort; readonly line: SmpLine } | undefined;
  const close = async () => {
    await current?.port[Symbol.asyncDispose]();
    current = undefined;
  };
  const target: SmpTarget = {
    async line() {
      if (current?.line.closed !== undefined) await close();
      if (current !== undefined) return ok(current.line);
      const opened = await open();
      if (!opened.ok) return fail({ reason: 'closed', detail: opened.error.detail });
      current = { port: opened.value, line: createSmpLine(opened.value, framing) };
      return ok(current.line);
    },
    release: close,
    async ask(request, options) {
      const line = await target.line();
      return line.ok ? await askSmp(clock, line.value, request, options) : line;
    },
    slots: () => readSlots(target),
    async slotsWhen(isWanted) {
      const untilMs = clock.monotonicMs() + smpRebootMsMax;
      let last: Result<readonly ImageSlot[], SmpError> | undefined;
      while (clock.monotonicMs() < untilMs) {
        await pause(clock, smpRetryMs);
        last = await readSlots(target, { triesMax: 1 });
        if (last.ok && isWanted(last.value)) return last;
      }
      const what = last?.ok === true ? 'it answers, but did not restart' : 'it does not answer';
      return fail({ reason: 'timeout', detail: `${what} within ${smpRebootMsMax / 1_000} s` });
    },
    [Symbol.asyncDispose]: close,
  };
  return target;
}

async function readSlots(target: SmpTarget, options?: AskOptions): Promise<Result<readonly ImageSlot[], SmpError>> {
  const told = await target.ask(readImages, options);
  if (!told.ok) return told;
  const slots = imageSlots(told.value);
  return slots === undefined ? fail({ reason: 'refused', detail: 'what it says of its images is no list' }) : ok(slots);
}
