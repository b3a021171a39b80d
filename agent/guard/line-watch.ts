import type { DigitalOutput, GpioBackend } from '../../drivers/contract/digital.ts';
import { ok, type Result } from '../../drivers/contract/result.ts';
import { KeptLines } from '../../drivers/gpiochip/kept-lines.ts';
import { type GpioSelection, openGpioBackend } from '../../drivers/registry.ts';
import type { Clock } from '../clock.ts';
import { guardUpdateMs, startClaimTriesMax } from '../limits.ts';
import type { Log } from '../log.ts';
import { takeOverLines } from './handover.ts';
import { whenFreed } from './when-freed.ts';

/** Which outputs are open. */
export interface LineWatch {
  opened(output: DigitalOutput): void;
  closed(output: DigitalOutput): void;
  /** Tells all that are open, some time after there was a change. One listener at a time. */
  onChange(listener: (outputs: readonly DigitalOutput[]) => void): void;
  /** The board is open: what it has not taken over by now is nobody's any more. */
  settled(): void;
  onSettled(listener: () => void): void;
  /** Until it is disposed of, a line whose output is closed stays with us, as it is, for whoever opens it next. */
  keep(): Disposable;
  readonly isKeeping: boolean;
  /** What a guard keeps is taken over with the first line that is opened: until then the guard goes on with it. */
  readonly isPatient: boolean;
}

export function createLineWatch(clock: Clock, isPatient = false): LineWatch {
  const open = new Set<DigitalOutput>();
  let listener = (_outputs: readonly DigitalOutput[]) => {};
  let settle = () => {};
  let isKeeping = false;
  let timer: Disposable | undefined;
  const changed = () => {
    timer ??= clock.after(guardUpdateMs, () => {
      timer = undefined;
      listener([...open]);
    });
  };
  return {
    isPatient,
    opened(output) {
      open.add(output);
      changed();
    },
    closed(output) {
      if (open.delete(output)) changed();
    },
    onChange(next) {
      listener = next;
    },
    settled: () => settle(),
    onSettled(next) {
      settle = next;
    },
    keep() {
      isKeeping = true;
      return {
        [Symbol.dispose]() {
          isKeeping = false;
          settle();
        },
      };
    },
    get isKeeping() {
      return isKeeping;
    },
  };
}

interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
  readonly lines: LineWatch;
}

/**
 * The GPIO of an agent: it takes over what the guard of the one before has kept, and tells its own guard what it has. A line
 * may be in other hands for a moment, after a crash and while a guard lets go of it.
 */
export async function openGuardedGpio(
  selection: GpioSelection,
  folder: string,
  { clock, log, lines }: Surroundings,
): Promise<Result<GpioBackend>> {
  const kept = new KeptLines();
  let taking: Promise<void> | undefined;
  const takeOver = () => (taking ??= takeOnce());
  async function takeOnce(): Promise<void> {
    await takeOverLines(folder, clock, kept);
    if (kept.count > 0) log.info({ lines: kept.count }, 'lines are taken over as they are');
  }
  if (!lines.isPatient) await takeOver();
  const opened = await openGpioBackend(selection, kept);
  if (!opened.ok) {
    kept[Symbol.dispose]();
    return opened;
  }
  const gpio = opened.value;
  lines.onSettled(() => {
    gpio.freeKept?.();
    kept[Symbol.dispose](); // Where they are of no use to the backend.
  });
  return ok(watchGpio(gpio, { clock, lines, takeOver }));
}

/** The same lines, with what is open told, and kept while they are to be. */
export function watchGpio(
  gpio: GpioBackend,
  { clock, lines, takeOver }: Omit<Surroundings, 'log'> & { takeOver?(): Promise<void> },
): GpioBackend {
  return {
    name: gpio.name,
    async openOutput(request) {
      await takeOver?.();
      const output = await whenFreed(() => gpio.openOutput(request), clock, startClaimTriesMax);
      return output.ok ? ok(watched(output.value, lines)) : output;
    },
    async openInput(request) {
      await takeOver?.();
      return await whenFreed(() => gpio.openInput(request), clock, startClaimTriesMax);
    },
    [Symbol.asyncDispose]: () => gpio[Symbol.asyncDispose](),
  };
}

function watched(output: DigitalOutput, lines: LineWatch): DigitalOutput {
  const shown: DigitalOutput = {
    ...output,
    async [Symbol.asyncDispose]() {
      if (lines.isKeeping && output.keep !== undefined) output.keep();
      else await output[Symbol.asyncDispose]();
      lines.closed(shown);
    },
  };
  lines.opened(shown);
  return shown;
}
