import type { FaultCases } from './fault-case.ts';

function mcu(keys: string, more = ''): string {
  return `documents: { firmware.m: { driver: mcu, port: /dev/ttyS1${keys} }${more} }`;
}

export const mcuCases: FaultCases = {
  'a document in the place of a channel': {
    yaml: mcu('', ', firmware.m.out1: { driver: gpio-out, line: GPIO5 }'),
    faults: [
      '3:78: /documents/firmware.m.out1: firmware.m.out1 is below firmware.m, where its channels are (choose another name)',
    ],
  },
  'a name that leaves no room for channels': {
    yaml: 'documents: { a.b.c.d.e.f.g.h: { driver: mcu, port: /dev/ttyS1 } }',
    faults: [
      '3:31: /documents/a.b.c.d.e.f.g.h: a.b.c.d.e.f.g.h leaves no room for the names of its channels (take a shorter one)',
    ],
  },
  'a reset line that another document has': {
    yaml: mcu(', reset: { line: GPIO5 }', ', a: { driver: gpio-out, line: GPIO5 }'),
    faults: ['3:74: /documents/firmware.m/reset/line: line "GPIO5" is taken by a (each can serve one document)'],
  },
  'one line for reset and boot': {
    yaml: mcu(', reset: { line: GPIO5 }, boot: { line: GPIO5 }'),
    faults: [
      '3:97: /documents/firmware.m/boot/line: line "GPIO5" is taken by firmware.m (each can serve one document)',
    ],
  },
  'a reset over nothing, and over two ways': {
    yaml: mcu(
      ', reset: { pulse: 50ms }',
      ', firmware.n: { driver: mcu, port: /dev/ttyS2, reset: { line: GPIO5, over: dtr } }',
    ),
    faults: [
      '3:66: /documents/firmware.m/reset: expected either line or over (write reset: { line: GPIO4 }, or reset: { over: dtr } for an Arduino on USB)',
      '3:137: /documents/firmware.n/reset: expected either line or over (write reset: { line: GPIO4 }, or reset: { over: dtr } for an Arduino on USB)',
    ],
  },
  'a watchdog beyond 16 bits of milliseconds': {
    yaml: mcu(', watchdog: 66s'),
    faults: ['3:69: /documents/firmware.m/watchdog: 66s is out of range (from 100ms to 65s)'],
  },
  'a channel with a capital': {
    yaml: mcu(', channels: { Out1: {} }'),
    faults: [
      '3:71: /documents/firmware.m/channels/Out1: not the name of a channel: "Out1" (a-z, 0-9, - and _, as the firmware has it, at most 32)',
    ],
  },
  'an update with a relative path and a number for its hardware': {
    yaml: mcu(', update: { over: smp, ca: ca.pem, hardware: 3 }'),
    faults: [
      '3:84: /documents/firmware.m/update/ca: the ca file is a relative path: "ca.pem" (begin it with /)',
      '3:102: /documents/firmware.m/update/hardware: expected the name of the hardware, found number 3 (put it in quotes: "3")',
    ],
  },
  'a binding to a microcontroller instead of a channel': {
    yaml: `${mcu('')}\nbindings: [{ on: x, to: firmware.m }]`,
    faults: [
      '4:25: /bindings/0/to: firmware.m is a microcontroller, whose channels have names of their own, and takes no commands (a binding leads to an output or a serial line)',
    ],
  },
  'bindings to channels that let none in, by their own word and by that of their microcontroller': {
    yaml: `${mcu(', control: [ops], channels: { a: {}, b: { control: [ops] }, c: { control: ["binding:any"] } }')}
bindings: [{ on: x, to: firmware.m.a }, { on: x, to: firmware.m.b }, { on: x, to: firmware.m.c }]`,
    faults: [
      '4:25: /bindings/0/to: firmware.m.a takes no commands of bindings (add binding:any to documents.firmware.m.control)',
      '4:54: /bindings/1/to: firmware.m.b takes no commands of bindings (add binding:any to documents.firmware.m.channels.b.control)',
    ],
  },
};
