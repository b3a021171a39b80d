import type { FaultCases } from './fault-case.ts';

const out = (rest: string) => `documents: { a: { driver: gpio-out, line: GPIO1, ${rest} } }`;
const knownDrivers =
  'this version knows gpio-out, gpio-in, gpio-counter, pwm-out, serial-line, serial-raw, serial-length, serial-slip, serial-cobs, modbus-rtu, modbus-register, mcu';

export const documentCases: FaultCases = {
  'a document that is a word': {
    yaml: 'documents: { a: GPIO17 }',
    faults: ['3:17: /documents/a: expected a map with a driver, found "GPIO17" (write driver: gpio-out …)'],
  },
  'a document name with capitals': {
    yaml: 'documents: { Gpio/A: { driver: gpio-out, line: GPIO1 } }',
    faults: ['3:14: /documents/Gpio~1A: not a document name: "Gpio/A" (write gpio.a)'],
  },
  'a document name with an empty word': {
    yaml: 'documents: { a..b: { driver: gpio-out, line: GPIO1 } }',
    faults: [
      '3:14: /documents/a..b: not a document name: "a..b" (1 to 8 words of a-z, 0-9, - and _ with dots between, 128 bytes at most)',
    ],
  },
  'reserved document names': {
    yaml: 'documents:\n  agent: { driver: gpio-out, line: A }\n  channels: { driver: gpio-out, line: B }\n  selftest: { driver: gpio-out, line: C }\n  config: { driver: gpio-out, line: D }',
    faults: [
      '4:3: /documents/agent: agent is the name of a document every node has (choose another name)',
      '5:3: /documents/channels: channels is the name of a document every node has (choose another name)',
      '6:3: /documents/selftest: selftest is the name of a document every node has (choose another name)',
      '7:3: /documents/config: config is the name of a document every node has (choose another name)',
    ],
  },
  'too many documents': {
    yaml: `documents:\n${Array.from({ length: 257 }, (_, index) => `  d${index}: { driver: gpio-out, line: L${index} }`).join('\n')}`,
    faults: ['4:3: /documents: more than 256 documents'],
  },
  'no driver': {
    yaml: 'documents: { a: { line: GPIO1 } }',
    faults: [`3:17: /documents/a/driver: driver is missing (${knownDrivers})`],
  },
  'an unknown driver': {
    yaml: 'documents: { a: { driver: gpio-ot } }',
    faults: ['3:27: /documents/a/driver: unknown driver "gpio-ot" (did you mean gpio-out?)'],
  },
  'a driver like no other': {
    yaml: 'documents: { a: { driver: i2c } }',
    faults: [`3:27: /documents/a/driver: unknown driver "i2c" (${knownDrivers})`],
  },
  'a driver that is a list': {
    yaml: 'documents: { a: { driver: [] } }',
    faults: [`3:27: /documents/a/driver: expected a driver, found a list (${knownDrivers})`],
  },
  'a journal word that is not there': {
    yaml: out('without-journal: akt'),
    faults: ['3:67: /documents/a/without-journal: expected refuse or act, found "akt" (did you mean act?)'],
  },
  'a once that is neither on nor off': {
    yaml: out('once: maybe'),
    faults: ['3:56: /documents/a/once: expected on or off, found "maybe"'],
  },
  'a journal where nothing is commanded': {
    yaml: 'documents: { a: { driver: gpio-in, line: GPIO5, resume: on } }',
    faults: ['3:49: /documents/a/resume: resume is unsupported (this document takes no commands; remove it)'],
  },
  'resuming what is not journaled': {
    yaml: out('once: off, resume: on'),
    faults: [
      '3:69: /documents/a/resume: with once: off nothing is journaled that could be resumed (remove one of the two)',
    ],
  },
  'an outbox word that is not there': {
    yaml: out('outbox: last'),
    faults: ['3:58: /documents/a/outbox: expected all or latest or drop, found "last"'],
  },
  'a channel number below the bound': {
    yaml: out('number: 0'),
    faults: ['3:58: /documents/a/number: expected a channel number from 1 to 65535, found number 0'],
  },
  'a channel number above the bound': {
    yaml: out('number: 65536'),
    faults: ['3:58: /documents/a/number: expected a channel number from 1 to 65535, found number 65536'],
  },
  'a channel number with a fraction': {
    yaml: out('number: 1.5'),
    faults: ['3:58: /documents/a/number: expected a channel number from 1 to 65535, found number 1.5'],
  },
  'a channel number twice': {
    yaml: 'documents:\n  a: { driver: gpio-out, line: A, number: 7 }\n  b: { driver: serial-raw, port: /dev/b, number: 7 }',
    faults: ['5:50: /documents/b/number: channel number 7 is taken by a (each can serve one document)'],
  },
  'a priority that is not there': {
    yaml: out('priority: high'),
    faults: ['3:60: /documents/a/priority: expected normal or emergency, found "high"'],
  },
  'a retained word that is not there': {
    yaml: out('retained: acept'),
    faults: ['3:60: /documents/a/retained: expected refuse or accept, found "acept" (did you mean accept?)'],
  },
};
