import type { Gpio } from 'onoff';
import { monotonicNs } from '../clock.ts';
import type { DigitalInput, DigitalOutput, Edge, InputRequest, Level } from '../contract/digital.ts';
import { fail, ok, type Result } from '../contract/result.ts';
import { closedError, systemError } from '../system-error.ts';

/** A line onoff has set up. */
export interface SysfsHold {
  readonly resource: string;
  readonly gpio: Gpio;
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
  return {
    resource: hold.resource,
    read: () => access.attempt('read', (gpio) => gpio.readSync()),
    onEdge(next) {
      listener = next;
    },
    [Symbol.asyncDispose]: access.close,
  };
}

interface Access {
  attempt<Value>(operation: string, act: (gpio: Gpio) => Value): Result<Value>;
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
