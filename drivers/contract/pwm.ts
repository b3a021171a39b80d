import type { Result } from './result.ts';

/**
 * One line that is on for a part of every period: a fan, a heater, a dimmed lamp.
 *
 * For users: `write` takes the part of the period that the line is high, from 0 to 1; the hardware rounds it to its own
 * steps. When it returns ok, the kernel was told; the new duty begins with the next period. Outside 0 to 1 it fails with
 * kind `out-of-range`, and nothing changes.
 *
 * For implementers: open with `initial` already running. Writing the duty the line already has must not disturb it.
 * Disposal is idempotent and leaves the line as it runs, also beyond the end of the process; afterwards every call fails
 * with kind `closed`, and the line can be opened again.
 */
export interface PwmOutput extends AsyncDisposable {
  /** `pwmchip0:1`. */
  readonly resource: string;
  write(duty: number): Result<void>;
  /** What the hardware says it does. */
  readBack(): Result<number>;
}

export interface PwmRequest {
  /** As in /sys/class/pwm: `pwmchip0`. */
  readonly chip: string;
  readonly channel: number;
  readonly frequencyHz: number;
  /** Part of the period, 0 to 1; `as-is`: what is running when the line is opened, 0 if nothing is. */
  readonly initial: number | 'as-is';
}

/** One way to reach PWM channels. What it opened is disposed of by whoever opened it. */
export interface PwmBackend {
  readonly name: 'sysfs' | 'simulated';
  open(request: PwmRequest): Promise<Result<PwmOutput>>;
}

export function formatPwm({ chip, channel }: Pick<PwmRequest, 'chip' | 'channel'>): string {
  return `${chip}:${channel}`;
}
