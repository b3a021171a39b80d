import { join } from 'node:path';
import { type DriverClock, systemDriverClock } from './clock.ts';
import { formatPwm, type PwmBackend, type PwmOutput, type PwmRequest } from './contract/pwm.ts';
import { fail, ok, type Result } from './contract/result.ts';
import { exportChannel, type PwmPlace } from './pwm/channel.ts';
import { readCount, writeCount } from './pwm/count-file.ts';
import { createPwmOutput, type PwmChannel } from './pwm/output.ts';
import { driverError, systemError } from './system-error.ts';

export interface PwmSysfsOptions {
  readonly root?: string;
  readonly clock?: DriverClock;
}

/**
 * PWM through the files of the kernel (Documentation/driver-api/pwm.rst). A channel stays exported when it is disposed of:
 * to give it back would stop it (bcm2835_pwm_free in drivers/pwm/pwm-bcm2835.c, rp1_pwm_free in pwm-rp1.c).
 */
export function createSysfsPwm(options: PwmSysfsOptions = {}): PwmBackend {
  const { root = '/sys/class/pwm', clock = systemDriverClock } = options;
  const held = new Set<string>(); // One per document.
  return {
    name: 'sysfs',
    async open(request) {
      const resource = formatPwm(request);
      const failed = { operation: 'open', resource, fixes: { busy: 'give each channel to one document only' } };
      if (held.has(resource)) return fail(driverError('busy', failed, 'this agent holds the channel already'));
      held.add(resource);
      const place = { root, resource, chip: request.chip, channel: request.channel };
      const exported = await exportChannel(place, clock);
      const opened = exported.ok ? begin(place, request, exported.value, () => held.delete(resource)) : exported;
      if (!opened.ok) held.delete(resource);
      return opened;
    },
  };
}

function begin(
  place: PwmPlace,
  { frequencyHz, initial }: PwmRequest,
  isFresh: boolean,
  released: () => void,
): Result<PwmOutput> {
  const folder = join(place.root, place.chip, `pwm${place.channel}`);
  const periodNs = Math.round(1e9 / frequencyHz);
  try {
    const duty = initial === 'as-is' ? runningDuty(folder) : initial;
    if (isFresh) disable(folder);
    setPeriod(folder, periodNs, Math.round(duty * periodNs));
    const channel: PwmChannel = {
      setDuty: (next) => writeCount(folder, 'duty_cycle', Math.round(next * periodNs)),
      duty: () => readCount(folder, 'duty_cycle') / periodNs,
    };
    return ok(createPwmOutput(place.resource, channel, released));
  } catch (cause) {
    const fixes = { 'out-of-range': 'choose another frequency', io: 'choose another frequency' };
    return fail(systemError(cause, { operation: 'open', resource: place.resource, fixes }));
  }
}

/**
 * After an export the files say what was told before somebody gave the channel back. A Pi stopped it then, and the kernel
 * does not pass on what it was told already: enabled anew, it runs. Disabled first, so that no moment of the old duty is
 * seen while period and duty change; a chip that went on running has a gap of that length.
 */
function disable(folder: string): void {
  if (readCount(folder, 'enable') === 1) writeCount(folder, 'enable', 0); // Without a period the kernel refuses the 0.
}

/** A channel that an agent before this one left running. */
function runningDuty(folder: string): number {
  const periodNs = readCount(folder, 'period');
  const isRunning = readCount(folder, 'enable') === 1 && periodNs > 0;
  return isRunning ? readCount(folder, 'duty_cycle') / periodNs : 0;
}

/** The kernel refuses a duty longer than the period at every moment, so the order depends on which one grows. */
function setPeriod(folder: string, periodNs: number, dutyNs: number): void {
  if (readCount(folder, 'period') !== periodNs) {
    if (readCount(folder, 'duty_cycle') > periodNs) writeCount(folder, 'duty_cycle', dutyNs);
    writeCount(folder, 'period', periodNs);
  }
  if (readCount(folder, 'duty_cycle') !== dutyNs) writeCount(folder, 'duty_cycle', dutyNs);
  if (readCount(folder, 'enable') !== 1) writeCount(folder, 'enable', 1);
}
