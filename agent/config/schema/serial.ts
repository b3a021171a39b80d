import * as v from 'valibot';
import * as limits from '../../limits.ts';
import type { Framing, SerialConfig } from '../config.ts';
import { isPlainMap } from '../plain-map.ts';
import { common, commonLater, commonOf, driver } from './common.ts';
import { describeInput, message } from './issue.ts';
import { choice, integer, numberChoice } from './scalar.ts';
import { section } from './section.ts';
import { duration, size } from './unit.ts';

const byId = 'ls /dev/serial/by-id shows names that stay the same';

const port = v.pipe(
  v.string(({ input }) =>
    isPlainMap(input)
      ? message('a port by vendor and product is not supported by this version', byId)
      : message(`expected a port, found ${describeInput(input)}`, byId),
  ),
  v.regex(/^(simulated:)?\/.+$/, ({ input }) => message(`not the path of a port: ${describeInput(input)}`, byId)),
  v.maxBytes(4_096, 'the path of the port is longer than 4096 bytes'),
  v.description('Path of the device, or `simulated:/path/of.sock`.'),
  v.examples(['/dev/serial/by-id/usb-example-if00', '/dev/ttyAMA0']),
);

const append = v.pipe(
  v.string(({ input }) => message(`expected text, found ${describeInput(input)}`, String.raw`for example "\r\n"`)),
  v.maxBytes(limits.serialDelimiterBytesMax, `longer than ${limits.serialDelimiterBytesMax} bytes`),
);

const delimiter = v.pipe(append, v.minLength(1, message('no delimiter', 'serial-raw needs none')));

const interByte = duration({
  about: 'Silence that ends a frame (serial-raw), or throws away a half one (serial-line, serial-length).',
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

const wire = {
  port,
  baud: v.optional(
    v.pipe(integer('a baud rate', limits.baudMin, limits.baudMax), v.description('Bits per second.')),
    9_600,
  ),
  'data-bits': v.optional(v.pipe(numberChoice([5, 6, 7, 8]), v.description('Bits of a character.')), 8),
  parity: v.optional(v.pipe(choice(['none', 'even', 'odd']), v.description('Check bit of a character.')), 'none'),
  'stop-bits': v.optional(v.pipe(numberChoice([1, 2]), v.description('Pause behind a character.')), 1),
  append: v.optional(v.pipe(append, v.description('Put behind every write.')), ''),
  max: v.optional(max, `${limits.serialFrameBytesDefault}B`),
  ...common,
};

const hints = { later: [...commonLater, 'publish'], example: { port: 'port: /dev/serial/by-id/…' } };
const waitForRest = v.optional(interByte, `${limits.serialInterByteMsDefault}ms`);

export const serialLine = v.pipe(
  section(
    {
      driver: driver('serial-line', 'A serial line whose frames end in a delimiter.'),
      delimiter: v.optional(v.pipe(delimiter, v.description('Ends a frame and is not part of it.')), '\n'),
      'inter-byte': waitForRest,
      ...wire,
    },
    hints,
  ),
  v.transform((input) => serialOf('serial-line', input, { kind: 'delimiter', delimiter: input.delimiter })),
);

const rawFields = section(
  {
    driver: driver('serial-raw', 'A serial line whose frames end in silence.'),
    'inter-byte': v.optional(interByte, `${limits.serialRawCutMsDefault}ms`),
    ...wire,
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
      ...wire,
    },
    hints,
  ),
  v.transform((input) =>
    serialOf('serial-length', input, { kind: 'length', bytes: input.prefix, endian: input.endian }),
  ),
);

type WireInput = Omit<v.InferOutput<typeof rawFields>, 'driver'>;

function serialOf(name: SerialConfig['driver'], input: WireInput, framing: Framing): SerialConfig {
  return {
    ...commonOf(input),
    driver: name,
    port: input.port,
    settings: {
      baud: input.baud,
      dataBits: input['data-bits'],
      parity: input.parity,
      stopBits: input['stop-bits'],
    },
    framing,
    append: input.append,
    interByteMs: input['inter-byte'],
    frameBytesMax: input.max,
  };
}
