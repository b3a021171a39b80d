import * as v from 'valibot';
import type { Framing } from '../../../drivers/framer.ts';
import * as limits from '../../limits.ts';
import type { SerialConfig } from '../config.ts';
import { commanded, commandedOf, common, commonOf, driver } from './common.ts';
import { describeInput, message } from './issue.ts';
import { choice, numberChoice } from './scalar.ts';
import { section } from './section.ts';
import { duration, size } from './unit.ts';
import { baud, parity, settingsOf, wire, wireHints } from './wire.ts';

const append = v.pipe(
  v.string(({ input }) => message(`expected text, found ${describeInput(input)}`, String.raw`for example "\r\n"`)),
  v.check(
    (input) => !/\\[nrtxu0]/.test(input),
    message('a backslash means more than itself in double quotes only', String.raw`for example "\r\n"`),
  ),
  v.maxBytes(limits.serialDelimiterBytesMax, `longer than ${limits.serialDelimiterBytesMax} bytes`),
);

const delimiter = v.pipe(append, v.minLength(1, message('no delimiter', 'serial-raw needs none')));

const interByte = duration({
  about: 'Silence that ends a frame (serial-raw), or throws away a half one.',
  example: '20ms',
  msMin: limits.serialInterByteMsMin,
  msMax: limits.serialInterByteMsMax,
});

const max = size({
  about: 'Longest frame taken from the line.',
  example: '1KiB',
  bytesMin: 1,
  bytesMax: limits.messageBytesMax,
});

const line = {
  ...wire,
  baud: baud(9_600),
  parity: parity('none'),
  max: v.optional(max, `${limits.serialFrameBytesDefault}B`),
  ...commanded,
  ...common,
};

const behind = { append: v.optional(v.pipe(append, v.description('Put behind every write.')), '') };
const hints = { ...wireHints, later: ['publish'] };
const waitForRest = v.optional(interByte, `${limits.serialInterByteMsDefault}ms`);

export const serialLine = v.pipe(
  section(
    {
      driver: driver('serial-line', 'A serial line whose frames end in a delimiter.'),
      delimiter: v.optional(v.pipe(delimiter, v.description('Ends a frame and is not part of it.')), '\n'),
      'inter-byte': waitForRest,
      ...behind,
      ...line,
    },
    hints,
  ),
  v.transform((input) => serialOf('serial-line', input, { kind: 'delimiter', delimiter: input.delimiter })),
);

const rawFields = section(
  {
    driver: driver('serial-raw', 'A serial line whose frames end in silence.'),
    'inter-byte': v.optional(interByte, `${limits.serialRawCutMsDefault}ms`),
    ...behind,
    ...line,
  },
  hints,
);

export const serialRaw = v.pipe(
  rawFields,
  v.transform((input) => serialOf('serial-raw', input, { kind: 'silence' })),
);

const prefix = v.pipe(numberChoice([1, 2, 4]), v.description('Bytes of the length in front; it counts the body only.'));

export const serialLength = v.pipe(
  section(
    {
      driver: driver('serial-length', 'A serial line whose frames begin with their length.'),
      prefix: v.optional(prefix, 2),
      endian: v.optional(v.pipe(choice(['big', 'little']), v.description('Byte order of the length.')), 'big'),
      'inter-byte': waitForRest,
      ...behind,
      ...line,
    },
    hints,
  ),
  v.transform((input) =>
    serialOf('serial-length', input, { kind: 'length', bytes: input.prefix, endian: input.endian }),
  ),
);

export const serialSlip = v.pipe(
  section(
    { driver: driver('serial-slip', 'A serial line with SLIP frames (RFC 1055).'), 'inter-byte': waitForRest, ...line },
    hints,
  ),
  v.transform((input) => serialOf('serial-slip', { ...input, append: '' }, { kind: 'slip' })),
);

export const serialCobs = v.pipe(
  section(
    {
      driver: driver('serial-cobs', 'A serial line with COBS frames, a zero behind each.'),
      'inter-byte': waitForRest,
      ...line,
    },
    hints,
  ),
  v.transform((input) => serialOf('serial-cobs', { ...input, append: '' }, { kind: 'cobs' })),
);

type LineInput = Omit<v.InferOutput<typeof rawFields>, 'driver'>;

function serialOf(name: SerialConfig['driver'], input: LineInput, framing: Framing): SerialConfig {
  return {
    ...commonOf(input),
    ...commandedOf(input),
    driver: name,
    port: input.port,
    settings: settingsOf(input),
    framing,
    append: input.append,
    interByteMs: input['inter-byte'],
    frameBytesMax: input.max,
  };
}
