import { accountFix, keepFix } from '../../health/kept-memory.ts';
import { inMemory } from '../../health/warnings.ts';
import { diskBytesPerDayMax, diskFreeBytesMin, loopLateUsMax, restartsMax, restartWindowMs } from '../../limits.ts';
import { asOwner } from '../admit.ts';
import { type Check, onAgent, onBoard, problem, type Trouble, warning } from '../check.ts';
import type { DiskFacts } from '../facts.ts';
import { numberOf, refusalsOf } from '../health-numbers.ts';
import { shellWord } from '../shell-word.ts';

const mib = 1_048_576;

export const systemChecks: readonly Check[] = [
  {
    code: 'SYS-01',
    title: 'the clock is right, and stays so without power',
    judge({ clock }) {
      const { isPlausible, sync, hasRtc, wallMs } = clock;
      const fix = 'sudo timedatectl set-ntp true';
      if (!isPlausible) return [problem(`the clock says ${new Date(wallMs).toISOString()}: it was never set`, fix)];
      if (sync === 'unsynced') return [warning('the clock is not set from a time server', fix)];
      if (sync === 'synced' || hasRtc) return [];
      const cause = 'this board has no real-time clock, and nobody knows whether a time server sets it';
      return [warning(cause, 'sudo apt-get install systemd-timesyncd')];
    },
  },
  {
    code: 'SYS-02',
    title: 'there is room on the disk',
    judge: judgeDisk(({ folder, freeBytes, isOutOfInodes, writeFault }) => {
      const isFull =
        freeBytes < diskFreeBytesMin || isOutOfInodes || writeFault === 'ENOSPC' || writeFault === 'EDQUOT';
      if (!isFull) return [];
      const what = isOutOfInodes ? 'no inode is free' : `${(freeBytes / mib).toFixed(1)} MiB are free`;
      const cause = `the disk is full: ${what} at ${folder}, where it needs ${diskFreeBytesMin / mib} MiB`;
      return [problem(cause, `sudo du -xh ${shellWord(folder)} / | sort -h | tail -20`)];
    }),
  },
  {
    code: 'SYS-03',
    title: 'the state folder can be written',
    judge: judgeDisk(({ folder, mount, isForeign, stray, writeFault }) => {
      if (writeFault === 'EROFS' || mount?.isReadOnly === true) {
        const point = mount?.point ?? folder;
        return [
          problem(
            `${folder} is on ${point}, which is mounted read-only`,
            `sudo mount -o remount,rw ${shellWord(point)}`,
          ),
        ];
      }
      if (writeFault === undefined && stray !== undefined) {
        const cause = `${stray} belongs to another user than ${folder}: the agent cannot write there`;
        return [problem(cause, `sudo chown -R --reference=${shellWord(folder)} ${shellWord(folder)}`)];
      }
      if (writeFault === undefined || writeFault === 'ENOSPC' || writeFault === 'EDQUOT') return [];
      // The agent could not write any more in a folder that is taken away from its user.
      if (isForeign === true)
        return [problem(`${folder} belongs to another user, who alone can look there: ${writeFault}`, asOwner)];
      const fix = `sudo mkdir -p ${shellWord(folder)} && sudo chown -R $(id -un) ${shellWord(folder)}`;
      return [problem(`${folder} cannot be written: ${writeFault}`, fix)];
    }),
  },
  {
    code: 'SYS-04',
    title: 'the storage card is not worn out by the agent',
    judge: onAgent((agent) => {
      const hours = numberOf(agent, 'uptime_s') / 3_600;
      const bytes = numberOf(agent, 'disk', 'written_bytes');
      // Weeks of peace must not hide what began today.
      const perDay = Math.max((bytes / Math.max(hours, 1)) * 24, numberOf(agent, 'disk', 'written_bytes_last_day'));
      if (perDay <= diskBytesPerDayMax) return [];
      const cause = `the agent writes ${Math.round(perDay / mib)} MiB a day, more than the ${diskBytesPerDayMax / mib} MiB a storage card takes for years`;
      return [
        warning(cause, 'qnctl health --json: look which counters grow, and raise their publish or poll interval'),
      ];
    }),
  },
  {
    code: 'SYS-05',
    title: 'the power supply is strong enough',
    judge({ power }) {
      const { throttled } = power;
      return throttled === undefined ? 'unknown' : judgePower(throttled);
    },
  },
  {
    code: 'SYS-06',
    title: 'the agent is not held up',
    judge: onAgent((agent) => {
      const lateUs = numberOf(agent, 'loop', 'max_us');
      if (lateUs <= loopLateUsMax) return [];
      const cause = `the agent was held up for ${Math.round(lateUs / 1_000)} ms: something else keeps this board busy`;
      return [warning(cause, 'top -b -n 1 -o %CPU | head -15')];
    }),
  },
  {
    code: 'SYS-07',
    title: 'no message was refused for want of memory',
    judge: onAgent((agent, { board }) => {
      const refused = refusalsOf(agent);
      if (refused.length === 0) return [];
      const isTiny = board?.config.pool.profile === 'tiny';
      const fix = isTiny
        ? 'set pool.profile: standard in the config, and then: sudo systemctl restart qn-agent'
        : 'qnctl health --json: look which counters grow, have less sent at a time, and raise publish or poll intervals';
      return [warning(`the message pool was full since the agent started: ${refused.join(', ')} refused`, fix)];
    }),
  },
  {
    code: 'SYS-08',
    title: 'the agent is not started again and again',
    judge: onBoard(({ startsCount }) => {
      if (startsCount <= restartsMax) return [];
      const cause = `the agent was started ${startsCount} times within ${restartWindowMs / 60_000} minutes`;
      return [problem(cause, 'journalctl -u qn-agent -p warning -n 50')];
    }),
  },
  {
    code: 'SYS-09',
    title: 'what the board keeps outlives a power cut',
    judge: judgeDisk(({ folder, mount }) => {
      if (mount?.isInMemory !== true) return [];
      return [warning(inMemory(folder, mount), 'set state-folder in the config to a folder on a disk')];
    }),
  },
  {
    code: 'SYS-10',
    title: 'memory is kept for the agent',
    judge({ memory }) {
      if (memory === undefined) return 'unknown';
      if (memory.least === undefined) {
        const cause = 'the kernel keeps no memory for the agent, and holds it to no limit: it has no account of it';
        return [warning(cause, accountFix)];
      }
      const { group, bytes } = memory.least;
      if (bytes > 0) return [];
      return [warning(`no memory is kept for ${group}: where it runs out, commands wait for the disk`, keepFix)];
    },
  },
];

/** Bits as in the documentation of vcgencmd: 0 to 3 now, 16 to 19 since the start. */
function judgePower(throttled: number): readonly Trouble[] {
  const has = (bit: number) => (throttled & (1 << bit)) !== 0;
  const fix = 'vcgencmd get_throttled';
  if (has(0)) return [problem('the voltage is too low right now: use a stronger power supply or a shorter cable', fix)];
  if (has(2))
    return [
      problem('the processor is throttled right now: it is too hot, or has too little power', 'vcgencmd measure_temp'),
    ];
  if (has(16))
    return [warning('the voltage was too low since the start: use a stronger power supply or a shorter cable', fix)];
  if (has(18)) return [warning('the processor was throttled since the start', 'vcgencmd measure_temp')];
  return has(3) || has(1) ? [warning('the processor is slowed down because it is hot', 'vcgencmd measure_temp')] : [];
}

function judgeDisk(judge: (disk: DiskFacts) => readonly Trouble[]): Check['judge'] {
  return onBoard(({ disk }) => judge(disk));
}
