import type { FaultCases } from './fault-case.ts';

const serial = (rest: string) => `documents: { a: { driver: serial-line, port: /dev/ttyS0, ${rest} } }`;

export const serialCases: FaultCases = {
  'no port': {
    yaml: 'documents: { a: { driver: serial-raw } }',
    faults: ['3:17: /documents/a/port: port is missing (write port: /dev/serial/by-id/…)'],
  },
  'a relative port': {
    yaml: 'documents: { a: { driver: serial-raw, port: ttyUSB0 } }',
    faults: [
      '3:45: /documents/a/port: not the path of a port: "ttyUSB0" (ls /dev/serial/by-id shows names that stay the same)',
    ],
  },
  'a line end that YAML takes for letters': {
    yaml: serial(String.raw`delimiter: '\r\n', append: \n`),
    faults: [
      String.raw`3:69: /documents/a/delimiter: a backslash means more than itself in double quotes only (for example "\r\n")`,
      String.raw`3:85: /documents/a/append: a backslash means more than itself in double quotes only (for example "\r\n")`,
    ],
  },
  'a port by vendor alone': {
    yaml: 'documents: { a: { driver: serial-raw, port: { vendorId: "0403" } } }',
    faults: ['3:45: /documents/a/port/productId: productId is missing (write productId: "6001")'],
  },
  'ids that are no hex digits, or lost their quotes': {
    yaml: 'documents: { a: { driver: serial-raw, port: { vendorId: 0403, productId: "0x6001", serialNumber: 12 } } }',
    faults: [
      '3:57: /documents/a/port/vendorId: expected a vendor id, found number 403 (in quotes, as lsusb shows it: "0403")',
      '3:74: /documents/a/port/productId: not a product id: "0x6001" (four hex digits in quotes, as lsusb shows them: "0403")',
      '3:98: /documents/a/port/serialNumber: expected a serial number, found number 12 (put it in quotes: "12")',
    ],
  },
  'an adapter twice, however it is written': {
    yaml: 'documents:\n  a: { driver: serial-raw, port: { vendorId: "04e2", productId: "1410" } }\n  b: { driver: modbus-rtu, port: { productId: "1410", vendorId: "04E2" } }',
    faults: ['5:34: /documents/b/port: port usb:04e2:1410 is taken by a (each can serve one document)'],
  },
  'a port that is a list': {
    yaml: 'documents: { a: { driver: serial-raw, port: [/dev/ttyS0] } }',
    faults: [
      '3:45: /documents/a/port: expected a port, found a list (ls /dev/serial/by-id shows names that stay the same)',
    ],
  },
  'rs485 and modem lines that there are not': {
    yaml: serial('rs485: { delay: 1ms, after: 2s }, modem: { dtr: maybe, cts: on }'),
    faults: [
      '3:67: /documents/a/rs485/delay: unknown key "delay" (known here: rts, before, after, echo)',
      '3:86: /documents/a/rs485/after: 2s is out of range (from 0ms to 100ms)',
      '3:106: /documents/a/modem/dtr: expected on or off, found "maybe"',
      '3:113: /documents/a/modem/cts: unknown key "cts" (did you mean rts?)',
    ],
  },
  'slip with a line end': {
    yaml: 'documents: { a: { driver: serial-slip, port: /dev/x, append: x } }',
    faults: [
      '3:54: /documents/a/append: unknown key "append" (known here: driver, inter-byte, port, data-bits, stop-bits, modem, rs485, baud, parity, max, control, once, resume, without-journal, number, priority, retained, outbox)',
    ],
  },
  'a port twice': {
    yaml: 'documents:\n  a: { driver: serial-raw, port: /dev/x }\n  b: { driver: serial-line, port: /dev/x }',
    faults: ['5:35: /documents/b/port: port /dev/x is taken by a (each can serve one document)'],
  },
  'wire settings that are not there': {
    yaml: serial('baud: 1, data-bits: 9, parity: mark, stop-bits: 1.5'),
    faults: [
      '3:64: /documents/a/baud: expected a baud rate from 50 to 4000000, found number 1',
      '3:78: /documents/a/data-bits: expected 5 or 6 or 7 or 8, found number 9',
      '3:89: /documents/a/parity: expected none or even or odd, found "mark"',
      '3:106: /documents/a/stop-bits: expected 1 or 2, found number 1.5',
    ],
  },
  'an empty delimiter': {
    yaml: serial('delimiter: ""'),
    faults: ['3:69: /documents/a/delimiter: no delimiter (serial-raw needs none)'],
  },
  'a delimiter that is too long': {
    yaml: serial(`delimiter: ${'x'.repeat(17)}`),
    faults: ['3:69: /documents/a/delimiter: longer than 16 bytes'],
  },
  'a size without unit': {
    yaml: serial('max: 1024'),
    faults: ['3:63: /documents/a/max: a size without unit: 1024 (write 1024B or 1024KiB)'],
  },
  'a size in thousands': {
    yaml: serial('max: 4kB'),
    faults: ['3:63: /documents/a/max: not a size: "4kB" (write 4KiB)'],
  },
  'a size with a fraction': {
    yaml: serial('max: 1.5KiB'),
    faults: [
      '3:63: /documents/a/max: not a size: "1.5KiB" (a whole number with B, KiB or MiB behind it, for example 1KiB)',
    ],
  },
  'a size above the bound': {
    yaml: serial('max: 65KiB'),
    faults: ['3:63: /documents/a/max: 65KiB is out of range (from 1B to 65536B)'],
  },
  'no silence at all': {
    yaml: serial('inter-byte: 0ms'),
    faults: ['3:70: /documents/a/inter-byte: 0ms is out of range (from 1ms to 1m)'],
  },
  'a prefix of three bytes': {
    yaml: 'documents: { a: { driver: serial-length, port: /dev/x, prefix: 3, endian: middle } }',
    faults: [
      '3:64: /documents/a/prefix: expected 1 or 2 or 4, found number 3',
      '3:75: /documents/a/endian: expected big or little, found "middle"',
    ],
  },
  'a frame that no slot of the tiny pool holds': {
    yaml: 'pool: { profile: tiny }\ndocuments: { a: { driver: serial-raw, port: /dev/a, max: 8KiB } }',
    faults: ['4:58: /documents/a/max: pool tiny holds messages up to 4096B (write max: 4096B or less)'],
  },
  'more long frames than slots for them': {
    yaml: 'pool: { profile: tiny }\ndocuments:\n  a: { driver: serial-raw, port: /dev/a }\n  b: { driver: serial-raw, port: /dev/b }',
    faults: [
      '6:6: /documents/b/max: pool tiny has room for 1 ports with frames above 512B (write max: 512B for some of them)',
    ],
  },
  'more serial ports than slots': {
    yaml: `pool: { profile: tiny }\ndocuments:\n${['a', 'b', 'c', 'd'].map((name) => `  ${name}: { driver: serial-raw, port: /dev/${name}, max: 64B }`).join('\n')}`,
    faults: ['8:34: /documents/d/port: pool tiny has room for 3 serial ports (remove some)'],
  },
};
