import type { GpioBackend, Level, LineAddress } from '../../../drivers/contract/digital.ts';
import type { Result } from '../../../drivers/contract/result.ts';
import { openGpioChip } from '../../../drivers/gpio-chip.ts';
import { openSysfsGpio } from '../../../drivers/gpio-sysfs.ts';
import { digitalInputSuite } from '../../contract/digital-input.suite.ts';
import { digitalOutputSuite } from '../../contract/digital-output.suite.ts';
import { valueOf } from '../../support/value-of.ts';
import type { SimulatedChip } from './sim.ts';

interface Subject {
  readonly name: string;
  readonly open: () => Promise<Result<GpioBackend>>;
  readonly line: LineAddress;
  readonly absentLine: LineAddress;
  readonly offset: number;
}

/** The contract suites over lines of a kernel, through both backends. */
export function gpioContracts(chip: SimulatedChip): void {
  const byLabel = (offset: number) => ({ chip: chip.label, offset });
  const subjects: readonly Subject[] = [
    { name: 'gpiochip, by name', open: openGpioChip, line: 'GPIO17', absentLine: 'GPIO99', offset: 17 },
    { name: 'gpiochip, by label', open: openGpioChip, line: byLabel(4), absentLine: byLabel(99), offset: 4 },
    { name: 'sysfs, by name', open: openSysfsGpio, line: 'GPIO5', absentLine: 'GPIO99', offset: 5 },
    { name: 'sysfs, by label', open: openSysfsGpio, line: byLabel(6), absentLine: byLabel(99), offset: 6 },
  ];
  for (const { name, open, offset, ...lines } of subjects) {
    const createRig = async () => {
      let found: Level = 0;
      const leave = (level: Level) => {
        found = level;
        chip.pull(offset, level);
        chip.forgetChanges();
      };
      leave(0);
      const backend = valueOf(await open());
      return {
        ...lines,
        backend,
        level: () => chip.level(offset),
        changes: () => chip.changes(offset, found),
        leave,
        pull: (level: Level) => chip.pull(offset, level),
        [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
      };
    };
    digitalOutputSuite(`${name}, on gpio-sim`, createRig);
    digitalInputSuite(`${name}, on gpio-sim`, createRig);
  }
}
