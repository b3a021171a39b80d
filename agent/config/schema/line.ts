import * as v from 'valibot';
import { lineNameBytesMax, lineOffsetMax } from '../../limits.ts';
import { isPlainMap } from '../plain-map.ts';
import { describeInput, message, quote } from './issue.ts';
import { integer } from './scalar.ts';
import { section } from './section.ts';

const bothWays = 'write line: GPIO17, or line: { chip: pinctrl-bcm2711, offset: 17 }';

const lineName = v.pipe(
  v.string(({ input }) =>
    typeof input === 'number'
      ? bareNumber(`${input}`)
      : message(`expected a line, found ${describeInput(input)}`, bothWays),
  ),
  v.check(
    (name) => !/^\d+$/.test(name),
    ({ input }) => bareNumber(input),
  ),
  v.check(
    (name) => !/gpiochip\d/.test(name),
    ({ input }) => chipNumber(input),
  ),
  v.check(
    (name) => !/^[\w.-]+:\d+$/.test(name),
    ({ input }) => joined(input),
  ),
  v.regex(/^[!-~]([ -~]*[!-~])?$/, ({ input }) => message(`not a line name: ${quote(input)}`, bothWays)),
  v.maxBytes(lineNameBytesMax, `the kernel knows no line names above ${lineNameBytesMax} bytes`),
  v.description('Name of the line as `gpioinfo` shows it.'),
  v.examples(['GPIO17']),
);

const chipLabel = v.pipe(
  v.string(({ input }) => message(`expected the label of a chip, found ${describeInput(input)}`, 'see gpiodetect')),
  v.check(
    (label) => !/^(\/dev\/)?gpiochip\d+$/.test(label),
    ({ input }) => chipNumber(input),
  ),
  v.regex(/^[!-~]+$/, ({ input }) => message(`not a chip label: ${quote(input)}`, 'see gpiodetect')),
  v.maxBytes(lineNameBytesMax, `the kernel knows no chip labels above ${lineNameBytesMax} bytes`),
  v.description('Label of the chip as `gpiodetect` shows it in brackets.'),
);

const chipAndOffset = section(
  { chip: chipLabel, offset: v.pipe(integer('an offset', 0, lineOffsetMax), v.description('Line of that chip.')) },
  { example: { chip: 'chip: pinctrl-bcm2711', offset: 'offset: 17' } },
);

const anyLine = v.union([lineName, chipAndOffset]);
const run: (typeof anyLine)['~run'] = (dataset, config) =>
  isPlainMap(dataset.value) ? chipAndOffset['~run'](dataset, config) : lineName['~run'](dataset, config);

/** A union that looks at the shape first, so that a fault inside the map is told and not only "neither fits". */
export const line = v.pipe({ ...anyLine, '~run': run }, v.description('By its name, or by chip label and offset.'));

function bareNumber(number: string): string {
  return message(`a bare line number means another pin on another kernel: ${number}`, `write line: GPIO${number}`);
}

function chipNumber(chip: string): string {
  return message(
    `chip numbers move between kernels: ${quote(chip)}`,
    'use the label that gpiodetect shows in brackets, for example pinctrl-bcm2711',
  );
}

function joined(text: string): string {
  const [chip, offset] = text.split(':');
  return message(`not a line name: ${quote(text)}`, `write { chip: ${chip}, offset: ${offset} }`);
}
