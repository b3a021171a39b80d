import { pause } from '../../../drivers/clock.ts';
import type { ModemLines } from '../../../drivers/contract/byte-port.ts';
import type { DigitalOutput, Level } from '../../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { mcuBootHoldMs } from '../../../firmware-bridge/limits.ts';
import type { ControlLineConfig, McuConfig } from '../../config/mcu-config.ts';
import type { DocumentSurroundings } from '../kind.ts';

/** A line of the board, or of the serial port. */
interface ControlLine extends AsyncDisposable {
  drive(isActive: boolean): Result<void> | Promise<Result<void>>;
}

/** The serial port to the microcontroller, as it is open at that moment. */
interface ModemPort {
  setModem(lines: ModemLines): Promise<Result<void>>;
}

type LineSurroundings = Pick<DocumentSurroundings, 'clock' | 'gpio'>;

/**
 * The GPIO lines to the reset and boot pins of a microcontroller. Both are held inactive; a restart is:
 *
 *   boot   ───┐ only for the bootloader ┌──────   from before the reset until it has been read
 *             └─────────────────────────┘
 *   reset  ──────┐           ┌─────────────────   active for `pulse`
 *                └───────────┘
 *
 * A modem line (`over: dtr`) is on, goes off for `pulse`, and on again: a capacitor behind it makes the reset out of that.
 */
export class ControlLines implements AsyncDisposable {
  readonly #clock: LineSurroundings['clock'];
  #reset: ControlLine | undefined;
  readonly #boot: ControlLine | undefined;

  #port: ModemPort | undefined;

  private constructor(clock: LineSurroundings['clock'], boot: ControlLine | undefined) {
    this.#clock = clock;
    this.#boot = boot;
  }

  static async open(config: McuConfig, { clock, gpio }: LineSurroundings): Promise<Result<ControlLines>> {
    const boot = await openLine(gpio, config.boot);
    if (!boot.ok) return boot;
    const lines = new ControlLines(clock, boot.value);
    const reset = await lines.#openReset(gpio, config.reset);
    if (!reset.ok) {
      await boot.value?.[Symbol.asyncDispose]();
      return reset;
    }
    lines.#reset = reset.value;
    return ok(lines);
  }

  /** Before it nothing can be reset over a modem line. */
  bind(port: ModemPort): void {
    this.#port = port;
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
    const begun = await begin([boot, this.#reset]);
    if (begun.ok) await pause(this.#clock, pulseMs);
    const ended = await this.#reset.drive(false);
    if (boot !== undefined && begun.ok) await pause(this.#clock, mcuBootHoldMs); // It reads the pin after the reset.
    const released = boot === undefined ? ok() : await boot.drive(false);
    return [begun, ended, released].find((result) => !result.ok) ?? ok();
  }

  async #openReset(
    gpio: LineSurroundings['gpio'],
    config: McuConfig['reset'],
  ): Promise<Result<ControlLine | undefined>> {
    if (config === undefined || !('over' in config)) return await openLine(gpio, config);
    const drive = async (isActive: boolean) =>
      (await this.#port?.setModem({ [config.over]: !isActive })) ?? fail(unbound(config.over));
    return ok({ drive, async [Symbol.asyncDispose]() {} });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reset?.[Symbol.asyncDispose]();
    await this.#boot?.[Symbol.asyncDispose]();
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
  return opened.ok ? ok(gpioLine(config, opened.value)) : opened;
}

function gpioLine(config: ControlLineConfig, output: DigitalOutput): ControlLine {
  return {
    drive: (isActive) => output.write(levelOf(config, isActive)),
    [Symbol.asyncDispose]: () => output[Symbol.asyncDispose](),
  };
}

async function begin(lines: readonly (ControlLine | undefined)[]): Promise<Result<void>> {
  for (const line of lines) {
    const driven = line === undefined ? ok() : await line.drive(true);
    if (!driven.ok) return driven;
  }
  return ok();
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
    fix: `wire it, and write ${key}: { line: GPIO4 } in the config of this document${key === 'reset' ? '; or reset: { over: dtr } for an Arduino on USB' : ''}`,
  } as const;
}

function unbound(resource: string) {
  return { kind: 'closed', operation: 'restart', resource, detail: 'the serial port is not open yet' } as const;
}
