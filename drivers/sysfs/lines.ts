import type { Gpio } from 'onoff';
import { type Access, createAccess } from '../access.ts';
import { type DriverClock, monotonicNs } from '../clock.ts';
import {
  type DigitalInput,
  type DigitalOutput,
  type Edge,
  type InputRequest,
  isWantedEdge,
  type Level,
} from '../contract/digital.ts';
import type { DriverError } from '../contract/result.ts';
import { deviceBehind, watchPresence } from '../presence.ts';
import { driverError } from '../system-error.ts';

const fixes = { absent: 'plug its chip in again, or have the other program leave the line; it is looked for' };

/** A line onoff has set up. */
export interface SysfsHold {
  readonly resource: string;
  readonly gpio: Pick<Gpio, 'readSync' | 'writeSync' | 'watch' | 'unexport'>;
  /** What the kernel shows of the line; gone with it. */
  readonly folder: string;
  readonly clock: DriverClock;
  /** The level it had before it was set up. */
  readonly found: Level;
  /** Called once, when the line was given back. */
  readonly released: () => void;
}

export function attachSysfsOutput(hold: SysfsHold): DigitalOutput {
  const { gpio } = hold;
  const access = accessTo(hold);
  return {
    resource: hold.resource,
    supports: { readBack: true },
    found: hold.found,
    write: (level) => access.attempt('write', () => gpio.writeSync(level)),
    readBack: () => access.attempt('read', () => gpio.readSync()),
    [Symbol.asyncDispose]: access.close,
  };
}

export function attachSysfsInput(hold: SysfsHold, edges?: InputRequest['edges']): DigitalInput {
  const { gpio } = hold;
  const access = accessTo(hold);
  const read = () => access.attempt('read', () => gpio.readSync());
  let listener: ((edge: Edge) => void) | undefined;
  let told: Level | undefined;
  gpio.watch((error, level) => {
    // A pulse that is over when onoff looks leaves the level that was told. What is broken, the next read tells.
    if (error || level === told) return;
    told = level;
    if (isWantedEdge(level, edges)) listener?.({ level, atNs: monotonicNs() });
  });
  const first = read();
  if (first.ok) told = first.value;
  // The kernel tells a poller nothing of a line that was unexported, or went with its chip.
  const lost = { tell: (_error: DriverError) => {} };
  const failed = { operation: 'watch', resource: hold.resource, fixes };
  const presence = watchPresence(hold.folder, deviceBehind(hold.folder), hold.clock, () =>
    lost.tell(driverError('absent', failed, 'the line is not exported any more')),
  );
  return {
    resource: hold.resource,
    read,
    onEdge(next) {
      listener = next;
    },
    onLost(next) {
      lost.tell = next;
    },
    async [Symbol.asyncDispose]() {
      presence[Symbol.dispose]();
      await access.close();
    },
  };
}

function accessTo({ resource, gpio, released }: SysfsHold): Access {
  return createAccess(resource, () => {
    gpio.unexport(); // Stops watching, too.
    released();
  });
}
