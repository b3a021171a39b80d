import type { Gpio } from 'onoff';
import { type DriverClock, monotonicNs } from '../clock.ts';
import type { DigitalInput, DigitalOutput, Edge, InputRequest, Level } from '../contract/digital.ts';
import { type DriverError, fail, ok, type Result } from '../contract/result.ts';
import { deviceBehind, watchPresence } from '../presence.ts';
import { closedError, driverError, systemError } from '../system-error.ts';

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
  const access = createAccess(hold);
  return {
    resource: hold.resource,
    supports: { readBack: true },
    found: hold.found,
    write: (level) => access.attempt('write', (gpio) => gpio.writeSync(level)),
    readBack: () => access.attempt('read', (gpio) => gpio.readSync()),
    [Symbol.asyncDispose]: access.close,
  };
}

export function attachSysfsInput(hold: SysfsHold, edges: InputRequest['edges'] = 'changes'): DigitalInput {
  const access = createAccess(hold);
  let listener: ((edge: Edge) => void) | undefined;
  let told: Level | undefined;
  hold.gpio.watch((error, level) => {
    // A pulse that is over when onoff looks leaves the level that was told. What is broken, the next read tells.
    if (error || level === told) return;
    told = level;
    const isWanted = edges === 'changes' || edges === 'both' || (edges === 'rising') === (level === 1);
    if (isWanted) listener?.({ level, atNs: monotonicNs() });
  });
  const first = access.attempt('read', (gpio) => gpio.readSync());
  if (first.ok) told = first.value;
  // The kernel tells a poller nothing of a line that was unexported, or went with its chip.
  const lost = { tell: (_error: DriverError) => {} };
  const failed = { operation: 'watch', resource: hold.resource, fixes };
  const presence = watchPresence(hold.folder, deviceBehind(hold.folder), hold.clock, () =>
    lost.tell(driverError('absent', failed, 'the line is not exported any more')),
  );
  return {
    resource: hold.resource,
    read: () => access.attempt('read', (gpio) => gpio.readSync()),
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

interface Access {
  attempt<Value>(operation: string, act: (gpio: SysfsHold['gpio']) => Value): Result<Value>;
  readonly close: () => Promise<void>;
}

/** The line as long as it is open: what the kernel says becomes a Result. */
function createAccess({ resource, gpio, released }: SysfsHold): Access {
  let isOpen = true;
  return {
    attempt(operation, act) {
      if (!isOpen) return fail(closedError(operation, resource));
      try {
        return ok(act(gpio));
      } catch (cause) {
        return fail(systemError(cause, { operation, resource }));
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      gpio.unexport(); // Stops watching, too.
      released();
    },
  };
}
