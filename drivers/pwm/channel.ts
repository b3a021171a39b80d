import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DriverClock, pause } from '../clock.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import { sysfsExportTriesMax, sysfsExportTryEveryMs } from '../limits.ts';
import { codeOf, driverError, systemError } from '../system-error.ts';
import { readCount } from './count-file.ts';

export interface PwmPlace {
  readonly root: string;
  readonly resource: string;
  readonly chip: string;
  readonly channel: number;
}

const overlayFix =
  'add the line dtoverlay=pwm-2chan,pin=18,func=2,pin2=19,func2=2 to /boot/firmware/config.txt, and reboot';
const deniedFix = 'add the user to the group gpio (usermod -aG gpio NAME), and check the udev rule for /sys/class/pwm';

/** Makes the kernel show the files of a channel. False: it showed them already, and the channel is as they say. */
export async function exportChannel(place: PwmPlace, clock: DriverClock): Promise<Result<boolean>> {
  const chipFolder = join(place.root, place.chip);
  const missing = missingError(place, chipFolder);
  if (missing !== undefined) return fail(missing);
  const folder = join(chipFolder, `pwm${place.channel}`);
  const isHidden = !existsSync(folder);
  if (isHidden) {
    try {
      await writeFile(join(chipFolder, 'export'), String(place.channel));
    } catch (cause) {
      return fail(exportError(cause, place));
    }
  }
  for (let triesCount = 1; ; triesCount += 1) {
    const cause = firstUnreachable(folder);
    if (cause === undefined) return ok(isHidden);
    if (triesCount === sysfsExportTriesMax) return fail(unreachableError(cause, place));
    await pause(clock, sysfsExportTryEveryMs); // Udev hands the files to the group a moment later.
  }
}

function missingError(place: PwmPlace, chipFolder: string): DriverError | undefined {
  const { root, resource, chip, channel } = place;
  const chips = existsSync(root) ? readdirSync(root).filter((name) => /^pwmchip\d+$/.test(name)) : [];
  const failed = { operation: 'open', resource };
  if (chips.length === 0) {
    return driverError('absent', { ...failed, fixes: { absent: overlayFix } }, `there is no PWM chip in ${root}`);
  }
  if (!chips.includes(chip)) {
    const fixes = { absent: `write chip: with one of: ${chips.sort().join(', ')}` };
    return driverError('absent', { ...failed, fixes }, `there is no ${chip} in ${root}`);
  }
  const channelsCount = readCount(chipFolder, 'npwm');
  if (channel < channelsCount) return undefined;
  const fixes = { absent: `write channel: with a number from 0 to ${channelsCount - 1}` };
  return driverError('absent', { ...failed, fixes }, `${chip} has no channel ${channel}`);
}

function exportError(cause: unknown, { resource }: PwmPlace): DriverError {
  const failed = { operation: 'open', resource, fixes: { denied: deniedFix } };
  if (codeOf(cause) !== 'EBUSY') return systemError(cause, failed);
  return driverError('busy', failed, 'a kernel driver holds this channel (a fan, a backlight)', cause);
}

function firstUnreachable(folder: string): unknown {
  try {
    for (const name of ['period', 'duty_cycle', 'enable']) {
      accessSync(join(folder, name), constants.R_OK | constants.W_OK);
    }
    return undefined;
  } catch (cause) {
    return cause;
  }
}

function unreachableError(cause: unknown, { resource }: PwmPlace): DriverError {
  const failed = { operation: 'open', resource, fixes: { denied: deniedFix } };
  if (codeOf(cause) !== 'ENOENT') return systemError(cause, failed);
  return driverError('io', failed, 'the channel was exported, but its files did not appear', cause);
}
