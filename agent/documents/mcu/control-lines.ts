import { pause } from '../../../drivers/clock.ts';
import type { DigitalOutput, Level } from '../../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { mcuBootHoldMs } from '../../../firmware-bridge/limits.ts';
import type { ControlLineConfig, McuConfig } from '../../config/mcu-config.ts';
import type { DocumentSurroundings } from '../kind.ts';

interface ControlLine {
  readonly config: ControlLineConfig;
  readonly output: DigitalOutput;
}

type LineSurroundings = Pick<DocumentSurroundings, 'clock' | 'gpio'>;

/**
 * The GPIO lines to the reset and boot pins of a microcontroller. Both are held inactive; a restart is:
 *
 *   boot   ───┐ only for the bootloader ┌──────   from before the reset until it has been read
 *             └─────────────────────────┘
 *   reset  ──────┐           ┌─────────────────   active for `pulse`
 *                └───────────┘
 */
export class ControlLines implements AsyncDisposable {
  readonly #clock: LineSurroundings['clock'];
  readonly #reset: ControlLine | undefined;
  readonly #boot: ControlLine | undefined;

  private constructor(clock: LineSurroundings['clock'], reset: ControlLine | undefined, boot: ControlLine | undefined) {
    this.#clock = clock;
    this.#reset = reset;
    this.#boot = boot;
  }

  static async open(config: McuConfig, { clock, gpio }: LineSurroundings): Promise<Result<ControlLines>> {
    const boot = await openLine(gpio, config.boot);
    if (!boot.ok) return boot;
    const reset = await openLine(gpio, config.reset);
    if (reset.ok) return ok(new ControlLines(clock, reset.value, boot.value));
    await boot.value?.output[Symbol.asyncDispose]();
    return reset;
  }

  get hasReset(): boolean {
    return this.#reset !== undefined;
  }

  get hasBoot(): boolean {
    return this.#boot !== undefined;
  }

  /** Ends when the microcontroller runs again: its own program, or its bootloader. */
  async restart(into: 'program' | 'bootloader', pulseMs: number): Promise<Result<void>> {
    if (into === 'bootloader' && this.#boot === undefined) return fail(unwired('boot'));
    if (this.#reset === undefined) return fail(unwired('reset'));
    const boot = into === 'bootloader' ? this.#boot : undefined;
    const begun = begin([boot, this.#reset]);
    if (begun.ok) await pause(this.#clock, pulseMs);
    const ended = drive(this.#reset, false);
    if (boot !== undefined && begun.ok) await pause(this.#clock, mcuBootHoldMs); // It reads the pin after the reset.
    const released = boot === undefined ? ok() : drive(boot, false);
    return [begun, ended, released].find((result) => !result.ok) ?? ok();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reset?.output[Symbol.asyncDispose]();
    await this.#boot?.output[Symbol.asyncDispose]();
  }
}

async function openLine(
  gpio: LineSurroundings['gpio'],
  config: ControlLineConfig | undefined,
): Promise<Result<ControlLine | undefined>> {
  if (config === undefined) return ok(undefined);
  if (!gpio.ok) return gpio;
  const request = { line: config.line, initial: levelOf(config, false), consumer: 'qn-agent' };
  const opened = await gpio.value.openOutput(request);
  return opened.ok ? ok({ config, output: opened.value }) : opened;
}

function begin(lines: readonly (ControlLine | undefined)[]): Result<void> {
  for (const line of lines) {
    const driven = line === undefined ? ok() : drive(line, true);
    if (!driven.ok) return driven;
  }
  return ok();
}

function drive({ config, output }: ControlLine, isActive: boolean): Result<void> {
  return output.write(levelOf(config, isActive));
}

function levelOf({ active }: ControlLineConfig, isActive: boolean): Level {
  return isActive === (active === 'high') ? 1 : 0;
}

function unwired(key: 'reset' | 'boot') {
  return {
    kind: 'unsupported',
    operation: 'restart',
    resource: key,
    detail: `no ${key} line is configured`,
    fix: `wire it, and write ${key}: { line: GPIO4 } in the config of this document`,
  } as const;
}
