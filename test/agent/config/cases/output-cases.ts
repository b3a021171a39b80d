import type { FaultCases } from './fault-case.ts';

const out = (rest: string) => `documents: { a: { driver: gpio-out, line: GPIO1, ${rest} } }`;
const counter = (rest: string) => `documents: { a: { driver: gpio-counter, line: GPIO1, ${rest} } }`;
const input = (rest: string) => `documents: { a: { driver: gpio-in, line: GPIO1, ${rest} } }`;
const pwm = (rest: string) => `documents: { a: { driver: pwm-out, ${rest} } }`;
const pair = (a: string, b: string) =>
  `documents:\n  a: { driver: gpio-out, line: A, ${a} }\n  b: { driver: gpio-out, line: B, ${b} }`;
const power = 'expected hold, or a number from 0 to what scale says';

export const outputCases: FaultCases = {
  'an offline state with a number for a time': {
    yaml: out('safe: { offline: { after: 30, to: of } }'),
    faults: [
      '3:76: /documents/a/safe/offline/after: a duration without unit: 30 (write 30s or 30ms)',
      '3:84: /documents/a/safe/offline/to: expected on, off or hold, found "of"',
    ],
  },
  'an offline state that is a word': {
    yaml: out('safe: { offline: off }'),
    faults: ['3:67: /documents/a/safe/offline: expected a map, found "off" (its keys: after, to, restore)'],
  },
  'a misspelt safe state': {
    yaml: out('safe: { cras: off, config_error: off }'),
    faults: [
      '3:58: /documents/a/safe/cras: unknown key "cras" (did you mean crash?)',
      '3:69: /documents/a/safe/config_error: unknown key "config_error" (did you mean config-error?)',
    ],
  },
  'a max-on above the bound': {
    yaml: out('max-on: 25h'),
    faults: ['3:58: /documents/a/max-on: 25h is out of range (from 10ms to 1d)'],
  },
  'a min-dwell that max-on never lets pass': {
    yaml: out('max-on: 1s, min-dwell: 1000ms'),
    faults: ['3:73: /documents/a/min-dwell: min-dwell is not below max-on (write min-dwell: below 1s)'],
  },
  'a dead time without a group': {
    yaml: out('dead-time: 100ms'),
    faults: [
      '3:61: /documents/a/dead-time: this needs the group it is about (write interlock: and the name of the group)',
    ],
  },
  'a policy without a group': {
    yaml: out('interlock-policy: switch'),
    faults: [
      '3:68: /documents/a/interlock-policy: this needs the group it is about (write interlock: and the name of the group)',
    ],
  },
  'an interlock group of one': {
    yaml: out('interlock: lift'),
    faults: [
      '3:61: /documents/a/interlock: nobody else is in the interlock group lift (give another output the same interlock)',
    ],
  },
  'an interlock group that is misspelt': {
    yaml: `${pair('interlock: lift', 'interlock: lift')}\n  c: { driver: gpio-out, line: C, interlock: lft }`,
    faults: ['6:46: /documents/c/interlock: nobody else is in the interlock group lft (did you mean lift?)'],
  },
  'two of an interlock group on in the same situation': {
    yaml: pair(
      'interlock: l, safe: { boot: on, offline: { to: on } }',
      'interlock: l, safe: { boot: on, offline: { to: on } }',
    ),
    faults: [
      '5:63: /documents/b/safe/boot: a of the interlock group l is on then, too (only one of the group can be on)',
      '5:82: /documents/b/safe/offline/to: a of the interlock group l is on then, too (only one of the group can be on)',
    ],
  },
  'one of an interlock group left on where another goes on': {
    yaml: pair(
      'interlock: l, safe: { crash: on, config-error: release }',
      'interlock: l, safe: { crash: hold, config-error: on }',
    ),
    faults: [
      '4:82: /documents/a/safe/config-error: a of the interlock group l may be on then, and b goes on (write config-error: off here, or off or hold for b)',
      '5:64: /documents/b/safe/crash: b of the interlock group l may be on then, and a goes on (write crash: off here, or off or hold for a)',
    ],
  },
  'an edge that is not there': {
    yaml: counter('edge: raising'),
    faults: ['3:60: /documents/a/edge: expected rising or falling or both, found "raising" (did you mean rising?)'],
  },
  'a counter that publishes without pause': {
    yaml: counter('publish: { min: 0s }'),
    faults: ['3:70: /documents/a/publish/min: 0s is out of range (from 100ms to 1h)'],
  },
  'a storm rule out of bounds': {
    yaml: input('storm: { rate: 0, for: 2m, retry: 1 }'),
    faults: [
      '3:64: /documents/a/storm/rate: expected edges per second from 1 to 100000, found number 0',
      '3:72: /documents/a/storm/for: 2m is out of range (from 100ms to 1m)',
      '3:83: /documents/a/storm/retry: a duration without unit: 1 (write 1s or 1ms)',
    ],
  },
  'a pwm without anything': {
    yaml: 'documents: { a: { driver: pwm-out } }',
    faults: [
      '3:17: /documents/a/chip: chip is missing (write chip: pwmchip0)',
      '3:17: /documents/a/frequency: frequency is missing (write frequency: 25000)',
    ],
  },
  'a pwm chip that is none': {
    yaml: pwm('chip: pwm0, frequency: 1'),
    faults: ['3:42: /documents/a/chip: not a PWM chip: "pwm0" (ls /sys/class/pwm)'],
  },
  'a pwm frequency of zero': {
    yaml: pwm('chip: pwmchip0, frequency: 0'),
    faults: ['3:63: /documents/a/frequency: expected a frequency in Hz from 1 to 10000000, found number 0'],
  },
  'a pwm state above its scale': {
    yaml: pwm('chip: pwmchip0, frequency: 1, safe: { boot: 50 }'),
    faults: [`3:80: /documents/a/safe/boot: ${power}, found number 50`],
  },
  'a pwm state that is a word': {
    yaml: pwm('chip: pwmchip0, frequency: 1, safe: { exit: full }'),
    faults: [`3:80: /documents/a/safe/exit: ${power}, found "full"`],
  },
  'a pwm crash state above its scale': {
    yaml: pwm('chip: pwmchip0, frequency: 1, scale: 100, safe: { crash: 101 }'),
    faults: [`3:93: /documents/a/safe/crash: ${power}, found number 101`],
  },
  'a pwm offline state above its scale': {
    yaml: pwm('chip: pwmchip0, frequency: 1, safe: { offline: { to: 2 } }'),
    faults: [`3:83: /documents/a/safe/offline: ${power}, found number 2`],
  },
  'an output that is released while the agent runs': {
    yaml: 'documents: { a: { driver: gpio-out, line: A, safe: { boot: release } } }',
    faults: ['3:60: /documents/a/safe/boot: expected on, off or hold, found "release"'],
  },
  'a pwm channel twice': {
    yaml: 'documents:\n  a: { driver: pwm-out, chip: pwmchip0, frequency: 1 }\n  b: { driver: pwm-out, chip: pwmchip0, frequency: 1, channel: 0 }',
    faults: ['5:31: /documents/b/chip: channel pwmchip0:0 is taken by a (each can serve one document)'],
  },
};
