import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Level } from '../../drivers/contract/digital.ts';
import { openSysfsGpio } from '../../drivers/gpio-sysfs.ts';
import { digitalInputSuite } from '../contract/digital-input.suite.ts';
import { digitalOutputSuite } from '../contract/digital-output.suite.ts';
import { valueOf } from '../support/value-of.ts';

/**
 * On a kernel with gpio-sim and GPIO sysfs:
 *
 *   TEST_GPIO             a line nobody needs, as chip label and offset: `gpio-sim.0-node0:3`
 *   TEST_GPIO_SYSFS_WIRE  the folder of that line's wire: `/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio3`
 */
const lineText = process.env['TEST_GPIO'];
const wireFolder = process.env['TEST_GPIO_SYSFS_WIRE'];
const missing = [
  lineText === undefined ? 'TEST_GPIO=<chip label>:<offset>' : '',
  wireFolder === undefined ? 'TEST_GPIO_SYSFS_WIRE=<folder of sim_gpioN>' : '',
].filter((text) => text !== '');

if (lineText !== undefined && wireFolder !== undefined) {
  const line = parseLine(lineText);
  const absentLine = { ...line, offset: 9_999 };
  const level = (): Level => (readFileSync(join(wireFolder, 'value'), 'utf8').trim() === '1' ? 1 : 0);
  const pull = (pulled: Level) => writeFileSync(join(wireFolder, 'pull'), pulled === 1 ? 'pull-up' : 'pull-down');
  const createRig = async () => {
    pull(0);
    const backend = valueOf(await openSysfsGpio());
    return {
      backend,
      line,
      absentLine,
      level,
      pull,
      leave: pull,
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    };
  };
  digitalOutputSuite('sysfs, on gpio-sim', createRig);
  digitalInputSuite('sysfs, on gpio-sim', createRig);
} else {
  describe.skip(`digital output and input contract: sysfs, on gpio-sim (set ${missing.join(' and ')})`, () => {
    test('all of it', () => undefined);
  });
}

function parseLine(text: string) {
  const [, chip, offset] = /^(.+):(\d+)$/.exec(text) ?? [];
  expect([chip, offset], `TEST_GPIO is a chip label and an offset, not ${text}`).not.toContain(undefined);
  return { chip: chip ?? '', offset: Number(offset) };
}
