import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Level } from '../../../drivers/contract/digital.ts';

/** A chip of the kernel's gpio-sim. Its wire is in sysfs, past every driver of ours. */
export interface SimulatedChip {
  readonly label: string;
  /** What a meter shows at the line. */
  level(offset: number): Level;
  /** Which resistor is at the line: `pull-up` or `pull-down`. */
  bias(offset: number): string;
  /** What the kernel drove since `forgetChanges`, on a wire that was at `from`: changes of the level only. */
  changes(offset: number, from?: Level): readonly Level[];
  /** When the last one who held the line let go of it, since `forgetChanges`. */
  freed(offset: number): readonly bigint[];
  /** Every level the kernel handed to the line since `forgetChanges`, also the same again; on the monotonic clock. */
  driven(offset: number): readonly DrivenLevel[];
  forgetChanges(): void;
  /** The file that the finger writes to. */
  pullFile(offset: number): string;
  /** A finger at the line. */
  pull(offset: number, level: Level): void;
  /** As a chip on USB comes and goes. */
  plug(isThere: boolean): void;
}

export interface DrivenLevel {
  readonly level: Level;
  readonly atNs: bigint;
}

export interface ChipPlan {
  readonly label: string;
  readonly lineNames: readonly string[];
  /** Lines the kernel holds itself, with the name it gives for the holder. */
  readonly hogs?: { readonly [offset: number]: string };
}

const classFolder = '/sys/class/gpio';
const traceFolder = '/sys/kernel/tracing';
const configFolder = '/sys/kernel/config/gpio-sim';

/** Puts a chip into the running kernel; it stays until the machine is off. */
export function createSimulatedChip({ label, lineNames, hogs = {} }: ChipPlan): SimulatedChip {
  const device = join(configFolder, label);
  const bank = join(device, 'bank0');
  for (const folder of [device, bank]) mkdirSync(folder);
  writeFileSync(join(bank, 'num_lines'), String(lineNames.length));
  writeFileSync(join(bank, 'label'), label);
  for (const [offset, name] of lineNames.entries()) {
    mkdirSync(join(bank, `line${offset}`));
    writeFileSync(join(bank, `line${offset}`, 'name'), name);
  }
  for (const [offset, name] of Object.entries(hogs)) {
    const hog = join(bank, `line${offset}`, 'hog');
    mkdirSync(hog);
    writeFileSync(join(hog, 'name'), name);
    writeFileSync(join(hog, 'direction'), 'input');
  }
  writeFileSync(join(device, 'live'), '1');
  const read = (path: string) => readFileSync(path, 'utf8').trim();
  /** It has other names when it was plugged in again. */
  const wires = () => join('/sys/devices/platform', read(join(device, 'dev_name')), read(join(bank, 'chip_name')));
  const pullFile = (offset: number) => join(wires(), `sim_gpio${offset}`, 'pull');
  const firstNumber = baseOf(label);
  watchReleases();
  writeFileSync(join(traceFolder, 'trace_clock'), 'mono');
  writeFileSync(join(traceFolder, 'events/gpio/gpio_value/enable'), '1');
  return {
    label,
    changes(offset, from = 0) {
      const levels = tracedLevels(firstNumber + offset).map(({ level }) => level);
      return levels.filter((level, index) => level !== (levels[index - 1] ?? from));
    },
    freed: tracedReleases,
    driven: (offset) => tracedLevels(firstNumber + offset),
    forgetChanges: () => writeFileSync(join(traceFolder, 'trace'), ''),
    level: (offset) => (read(join(wires(), `sim_gpio${offset}`, 'value')) === '1' ? 1 : 0),
    bias: (offset) => read(pullFile(offset)),
    pullFile,
    pull: (offset, level) => writeFileSync(pullFile(offset), level === 1 ? 'pull-up' : 'pull-down'),
    plug: (isThere) => writeFileSync(join(device, 'live'), isThere ? '1' : '0'),
  };
}

/** The number that traces give the first line of a chip. */
function baseOf(label: string): number {
  const read = (chip: string, name: string) => readFileSync(join(classFolder, chip, name), 'utf8').trim();
  const chips = readdirSync(classFolder).filter((name) => /^gpiochip\d+$/.test(name));
  const chip = chips.find((name) => read(name, 'label') === label);
  if (chip === undefined) throw new Error(`no chip is labelled ${label} in ${classFolder}`);
  return Number(read(chip, 'base'));
}

/** The kernel has no event for a line that is let go of; a probe in the simulated chip makes one. */
function watchReleases(): void {
  const event = join(traceFolder, 'events/kprobes/sim_free/enable');
  if (existsSync(event)) return;
  writeFileSync(join(traceFolder, 'kprobe_events'), 'p:sim_free gpio_sim_free offset=%x1:u32\n');
  writeFileSync(event, '1');
}

/** Of any simulated chip: only one is in use while it is looked at. */
function tracedReleases(offset: number): readonly bigint[] {
  const trace = readFileSync(join(traceFolder, 'trace'), 'utf8');
  const rows = [...trace.matchAll(/ (\d+)\.(\d{6}): sim_free: .*offset=(\d+)/g)];
  return rows.filter(([, , , row]) => Number(row) === offset).map(([, seconds, us]) => BigInt(`${seconds}${us}000`));
}

/** The kernel tells each level it hands to the chip: a glitch cannot be too short to be seen. */
function tracedLevels(number: number): readonly DrivenLevel[] {
  const trace = readFileSync(join(traceFolder, 'trace'), 'utf8');
  const rows = [...trace.matchAll(/ (\d+)\.(\d{6}): gpio_value: (\d+) set ([01])/g)];
  return rows
    .filter(([, , , row]) => Number(row) === number)
    .map(([, seconds, us, , level]) => ({ level: level === '1' ? 1 : 0, atNs: BigInt(`${seconds}${us}000`) }));
}
