import type { Gpio } from 'onoff';
import { type DriverClock, systemDriverClock } from './clock.ts';
import { formatLine, type GpioBackend, type InputRequest, type Level, type OutputRequest } from './contract/digital.ts';
import { fail, ok, type Result } from './contract/result.ts';
import { readSysfsChips, resolveSysfsNumber } from './sysfs/chips.ts';
import { exportLine, lineFolder, type SysfsLine, unexportLine } from './sysfs/export.ts';
import { readFoundLevel } from './sysfs/found-level.ts';
import { attachSysfsInput, attachSysfsOutput, type SysfsHold } from './sysfs/lines.ts';
import { driverError, systemError } from './system-error.ts';

export interface SysfsOptions {
  /** Where chips are looked up and lines exported; onoff itself knows `/sys/class/gpio` only. */
  readonly root?: string;
  readonly clock?: DriverClock;
}

/**
 * GPIO through the old files of the kernel and the onoff package, for kernels that still have them. A line that another
 * process exported cannot be told from one that a crashed agent left behind, and is taken over; a line that a kernel
 * driver or a user of the character device holds is `busy`.
 */
export async function openSysfsGpio(options: SysfsOptions = {}): Promise<Result<GpioBackend>> {
  const { root = '/sys/class/gpio', clock = systemDriverClock } = options;
  const chips = await readSysfsChips(root);
  if (!chips.ok) return chips;
  const onoff = await loadOnoff();
  return onoff.ok ? ok(createBackend({ root, clock, Gpio: onoff.value })) : onoff;
}

async function loadOnoff(): Promise<Result<typeof Gpio>> {
  try {
    const onoff = await import('onoff');
    return ok(onoff.Gpio);
  } catch (cause) {
    const fixes = { unsupported: 'npm run build:native, or install the agent for this CPU and version of Node' };
    const failed = { operation: 'open', resource: 'gpio', fixes };
    return fail(driverError('unsupported', failed, 'sysfs support needs the epoll addon, which does not load', cause));
  }
}

interface Surroundings {
  readonly root: string;
  readonly clock: DriverClock;
  readonly Gpio: typeof Gpio;
}

/** How onoff is to set up a line, and what is wrong with it afterwards: onoff keeps quiet about a line exported before. */
interface Setup {
  readonly direction: 'in' | 'high' | 'low' | 'as-is';
  readonly edge: 'none' | 'both';
  fault(gpio: Gpio): string | undefined;
}

function createBackend(surroundings: Surroundings): GpioBackend {
  const heldNumbers = new Set<number>();
  const open = async (request: OutputRequest | InputRequest, setup: Setup) => {
    const resource = formatLine(request.line);
    const chips = await readSysfsChips(surroundings.root); // Each time: chips come and go.
    const resolved = chips.ok ? resolveSysfsNumber(chips.value, request.line) : chips;
    if (!resolved.ok) return resolved;
    const number = resolved.value;
    if (heldNumbers.has(number)) return fail(heldError(resource));
    heldNumbers.add(number);
    const opened = await openGpio(surroundings, { resource, number }, setup);
    const released = () => void heldNumbers.delete(number);
    if (!opened.ok) {
      released();
      return opened;
    }
    const { clock, root } = surroundings;
    return ok({ resource, clock, folder: lineFolder(root, number), ...opened.value, released });
  };
  return {
    name: 'sysfs',
    async openOutput(request) {
      const opened = await open(request, outputSetup(request));
      return opened.ok ? ok(attachSysfsOutput(opened.value)) : opened;
    },
    async openInput(request) {
      if (request.bias !== 'as-is') return fail(biasError(request));
      const opened = await open(request, inputSetup);
      return opened.ok ? ok(attachSysfsInput(opened.value, request.edges)) : opened;
    },
    async [Symbol.asyncDispose]() {},
  };
}

async function openGpio(
  { root, clock, Gpio }: Surroundings,
  line: SysfsLine,
  setup: Setup,
): Promise<Result<Pick<SysfsHold, 'gpio' | 'found'>>> {
  // Exported here and not by onoff, whose constructor would wait for udev in a busy loop.
  const exported = await exportLine(root, line, clock);
  if (!exported.ok) return exported;
  const failed = { operation: 'open', resource: line.resource };
  try {
    // Read before anything is driven: an agent that crashed left the line exported and driven.
    const found = await readFoundLevel(root, line);
    const direction = setup.direction === 'as-is' ? directionOf(found) : setup.direction;
    const gpio = new Gpio(line.number, direction, setup.edge, { activeLow: false });
    const fault = setup.fault(gpio);
    if (fault === undefined) return ok({ gpio, found });
    gpio.unexport();
    return fail(driverError('io', failed, fault));
  } catch (cause) {
    await unexportLine(root, line);
    return fail(systemError(cause, failed));
  }
}

function outputSetup({ initial }: OutputRequest): Setup {
  return {
    direction: initial === 'as-is' ? initial : directionOf(initial),
    edge: 'none',
    fault(gpio) {
      if (gpio.direction() !== 'out') return 'the line did not become an output';
      return gpio.activeLow() ? 'the line stayed inverted (active_low)' : undefined;
    },
  };
}

/** Sets direction and level in one step, without a glitch. */
function directionOf(level: Level): 'high' | 'low' {
  return level === 1 ? 'high' : 'low';
}

const inputSetup: Setup = {
  direction: 'in',
  edge: 'both',
  fault(gpio) {
    if (gpio.direction() !== 'in') return 'the line did not become an input';
    if (gpio.edge() !== 'both') return 'the line does not tell its edges';
    return gpio.activeLow() ? 'the line stayed inverted (active_low)' : undefined;
  },
};

function heldError(resource: string) {
  const fixes = { busy: 'give each line to one document only' };
  return driverError('busy', { operation: 'open', resource, fixes }, 'this agent holds the line already');
}

function biasError({ line, bias }: InputRequest) {
  const fixes = { unsupported: 'set bias: as-is, and the pull at boot (on a Raspberry Pi: gpio=27=pu in config.txt)' };
  return driverError(
    'unsupported',
    { operation: 'open', resource: formatLine(line), fixes },
    `sysfs cannot set ${bias}`,
  );
}
