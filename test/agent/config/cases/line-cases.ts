import type { FaultCases } from './fault-case.ts';

const out = (rest: string) => `documents: { a: { driver: gpio-out, line: GPIO1, ${rest} } }`;
const input = (rest: string) => `documents: { a: { driver: gpio-in, line: GPIO1, ${rest} } }`;
const bothWays = 'write line: GPIO17, or line: { chip: pinctrl-bcm2711, offset: 17 }';

export const lineCases: FaultCases = {
  'no line': {
    yaml: 'documents: { a: { driver: gpio-out } }',
    faults: ['3:17: /documents/a/line: line is missing (write line: GPIO17)'],
  },
  'a bare line number': {
    yaml: 'documents: { a: { driver: gpio-out, line: 17 } }',
    faults: [
      '3:43: /documents/a/line: a bare line number means another pin on another kernel: 17 (write line: GPIO17)',
    ],
  },
  'a bare line number in quotes': {
    yaml: 'documents: { a: { driver: gpio-out, line: "17" } }',
    faults: [
      '3:43: /documents/a/line: a bare line number means another pin on another kernel: 17 (write line: GPIO17)',
    ],
  },
  'a chip by number': {
    yaml: 'documents: { a: { driver: gpio-in, line: { chip: /dev/gpiochip0, offset: 17 } } }',
    faults: [
      '3:50: /documents/a/line/chip: chip numbers move between kernels: "/dev/gpiochip0" (use the label that gpiodetect shows in brackets, for example pinctrl-bcm2711)',
    ],
  },
  'a chip by number in the name of a line': {
    yaml: 'documents: { a: { driver: gpio-in, line: "gpiochip4:17" } }',
    faults: [
      '3:42: /documents/a/line: chip numbers move between kernels: "gpiochip4:17" (use the label that gpiodetect shows in brackets, for example pinctrl-bcm2711)',
    ],
  },
  'a chip and offset as one word': {
    yaml: 'documents: { a: { driver: gpio-in, line: "pinctrl-rp1:17" } }',
    faults: ['3:42: /documents/a/line: not a line name: "pinctrl-rp1:17" (write { chip: pinctrl-rp1, offset: 17 })'],
  },
  'a chip without offset': {
    yaml: 'documents: { a: { driver: gpio-in, line: { chip: pinctrl-rp1 } } }',
    faults: ['3:42: /documents/a/line/offset: offset is missing (write offset: 17)'],
  },
  'an offset below zero': {
    yaml: 'documents: { a: { driver: gpio-in, line: { chip: pinctrl-rp1, offset: -1 } } }',
    faults: ['3:71: /documents/a/line/offset: expected an offset from 0 to 65535, found number -1'],
  },
  'an empty line name': {
    yaml: 'documents: { a: { driver: gpio-in, line: "" } }',
    faults: [`3:42: /documents/a/line: not a line name: "" (${bothWays})`],
  },
  'a line name that is too long': {
    yaml: `documents: { a: { driver: gpio-in, line: ${'L'.repeat(32)} } }`,
    faults: ['3:42: /documents/a/line: the kernel knows no line names above 31 bytes'],
  },
  'a line twice, by name': {
    yaml: 'documents:\n  a: { driver: gpio-out, line: GPIO1 }\n  b: { driver: gpio-in, line: GPIO1 }',
    faults: ['5:31: /documents/b/line: line GPIO1 is taken by a (each can serve one document)'],
  },
  'a line twice, by chip and offset': {
    yaml: 'documents:\n  a: { driver: gpio-out, line: { chip: c, offset: 1 } }\n  b: { driver: gpio-in, line: { offset: 1, chip: c } }',
    faults: ['5:31: /documents/b/line: line c:1 is taken by a (each can serve one document)'],
  },
  'an active level that is not there': {
    yaml: out('active: hi'),
    faults: ['3:58: /documents/a/active: expected high or low, found "hi"'],
  },
  'a safe state that is no switch': {
    yaml: out('safe: { boot: held, exit: 1 }'),
    faults: [
      '3:64: /documents/a/safe/boot: expected on, off or hold, found "held"',
      '3:76: /documents/a/safe/exit: expected on, off, hold or release, found number 1',
    ],
  },
  'a key of another driver': {
    yaml: out('debounce: 20ms'),
    faults: [
      '3:50: /documents/a/debounce: unknown key "debounce" (known here: driver, line, active, safe, max-on, min-dwell, interlock, interlock-policy, dead-time, control, once, resume, without-journal, number, priority, retained, outbox)',
    ],
  },
  'a misspelt debounce': {
    yaml: input('debunce: 20ms'),
    faults: ['3:49: /documents/a/debunce: unknown key "debunce" (did you mean debounce?)'],
  },
  'a bias that is not there': {
    yaml: input('bias: pullup'),
    faults: [
      '3:55: /documents/a/bias: expected as-is or disabled or pull-up or pull-down, found "pullup" (did you mean pull-up?)',
    ],
  },
  'a debounce without unit': {
    yaml: input('debounce: 20'),
    faults: ['3:59: /documents/a/debounce: a duration without unit: 20 (write 20s or 20ms)'],
  },
  'a debounce without unit in quotes': {
    yaml: input('debounce: "20"'),
    faults: ['3:59: /documents/a/debounce: a duration without unit: 20 (write 20s or 20ms)'],
  },
  'a debounce in microseconds': {
    yaml: input('debounce: 500us'),
    faults: [
      '3:59: /documents/a/debounce: not a duration: "500us" (a number with ms, s, m, h or d behind it, for example 20ms)',
    ],
  },
  'a debounce above the bound': {
    yaml: input('debounce: 10001ms'),
    faults: ['3:59: /documents/a/debounce: 10001ms is out of range (from 0ms to 10s)'],
  },
};
