import { join } from 'node:path';
import { type DriverClock, systemDriverClock } from './clock.ts';
import { formatPwm, type PwmBackend, type PwmOutput, type PwmRequest } from './contract/pwm.ts';
import { fail, ok, type Result } from './contract/result.ts';
import { exportChannel, type PwmPlace } from './pwm/channel.ts';
import { readCount, writeCount } from './pwm/count-file.ts';
import { closedError, driverError, systemError } from './system-error.ts';

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
    return ok(attach(place, folder, periodNs, released));
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

function attach(place: PwmPlace, folder: string, periodNs: number, released: () => void): PwmOutput {
  const { resource } = place;
  let isOpen = true;
  const attempt = <Value>(operation: string, act: () => Value): Result<Value> => {
    if (!isOpen) return fail(closedError(operation, resource));
    try {
      return ok(act());
    } catch (cause) {
      return fail(systemError(cause, { operation, resource }));
    }
  };
  return {
    resource,
    write(duty) {
      if (!(duty >= 0 && duty <= 1)) return fail(dutyError(resource, duty));
      return attempt('write', () => writeCount(folder, 'duty_cycle', Math.round(duty * periodNs)));
    },
    readBack: () => attempt('read', () => readCount(folder, 'duty_cycle') / periodNs),
    async [Symbol.asyncDispose]() {
      if (!isOpen) return;
      isOpen = false;
      released();
    },
  };
}

function dutyError(resource: string, duty: number) {
  return driverError('out-of-range', { operation: 'write', resource }, `not a duty from 0 to 1: ${duty}`);
}
