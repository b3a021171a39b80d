import type { FaultCases } from './fault-case.ts';

const binding = (rest: string) => `documents: { a: { driver: gpio-out, line: GPIO1 } }\nbindings: [{ ${rest} }]`;

export const bindingCases: FaultCases = {
  'bindings that are no list': {
    yaml: 'bindings: {}',
    faults: ['3:11: /bindings: expected a list of bindings, found a map ([{ on: "factory/+/stop", to: gpio.relay1 }])'],
  },
  'a binding without its ends': {
    yaml: 'bindings: [{}]',
    faults: [
      '3:12: /bindings/0/on: on is missing (write on: "factory/+/stop")',
      '3:12: /bindings/0/to: to is missing (write to: gpio.relay1)',
    ],
  },
  'a filter with a wildcard inside a level': {
    yaml: binding('on: "a/b+", to: a'),
    faults: ['4:18: /bindings/0/on: not a topic filter: "a/b+" (+ stands for one whole level, # only at the end)'],
  },
  'a filter with # in the middle': {
    yaml: binding('on: "a/#/b", to: a'),
    faults: ['4:18: /bindings/0/on: not a topic filter: "a/#/b" (+ stands for one whole level, # only at the end)'],
  },
  'a shared subscription': {
    yaml: binding('on: "$share/g/a", to: a'),
    faults: ['4:18: /bindings/0/on: shared subscriptions are not supported by this version'],
  },
  'a pointer without slash': {
    yaml: binding('on: a, select: pressed, to: a'),
    faults: ['4:29: /bindings/0/select: a JSON pointer begins with /: pressed (for example /values/0/pressed)'],
  },
  'an empty map': {
    yaml: binding('on: a, map: {}, to: a'),
    faults: [
      '4:26: /bindings/0/map: an empty map refuses everything (remove it, or write what to send, for example "true": off)',
    ],
  },
  'a map that is a list': {
    yaml: binding('on: a, map: [1], to: a'),
    faults: ['4:26: /bindings/0/map: expected a map, found a list (write a name in front of each, without a dash)'],
  },
  'a map with too many entries': {
    yaml: binding(`on: a, map: { ${Array.from({ length: 65 }, (_, index) => `k${index}: 1`).join(', ')} }, to: a`),
    faults: ['4:26: /bindings/0/map: more than 64 entries'],
  },
  'a map to what JSON cannot say': {
    yaml: binding('on: a, map: { x: .inf }, to: a'),
    faults: ['4:31: /bindings/0/map/x: not a value JSON can say: number Infinity'],
  },
  'a binding to a document that is not there': {
    yaml: 'documents: { gpio.relay1: { driver: gpio-out, line: A } }\nbindings: [{ on: x, to: gpio.relai1 }]',
    faults: ['4:25: /bindings/0/to: no document "gpio.relai1" (did you mean gpio.relay1?)'],
  },
  'a binding to nothing like it': {
    yaml: binding('on: x, to: motor'),
    faults: ['4:25: /bindings/0/to: no document "motor" (a binding leads to a document of this board)'],
  },
  'a binding to an input': {
    yaml: 'documents: { a: { driver: gpio-in, line: A } }\nbindings: [{ on: x, to: a }]',
    faults: [
      '4:25: /bindings/0/to: a is an input and takes no commands (a binding leads to an output or a serial line)',
    ],
  },
  'a map to what an output does not take': {
    yaml: binding('on: x, map: { pressed: onn, released: off, long: { on-for: 5s } }, to: a'),
    faults: [
      '4:37: /bindings/0/map/pressed: a does not take it: not a switch value: "onn"; send ON, OFF, true, false, 1, 0, TOGGLE or {"on-for": "500ms"}',
    ],
  },
  'a pulse in a map that is longer than its output may be on': {
    yaml: 'documents: { a: { driver: gpio-out, line: A, max-on: 2s } }\nbindings: [{ on: x, map: { go: { on-for: 5s } }, to: a }]',
    faults: ['4:32: /bindings/0/map/go: a does not take it: a pulse of 5000 ms; this output takes 10ms to 2s'],
  },
  'maps to what a power output and a serial line do not take': {
    yaml: `documents: { p: { driver: pwm-out, chip: pwmchip0, frequency: 25000, scale: 100 }, s: { driver: serial-line, port: /dev/ttyS1 } }
bindings: [{ on: x, map: { full: 100, more: 101 }, to: p }, { on: x, map: { a: hello, b: [1] }, to: s }]`,
    faults: [
      '4:45: /bindings/0/map/more: p does not take it: not a power: 101; send a number from 0 to 100, {"duty": number}, ON or OFF',
      '4:90: /bindings/1/map/b: s does not take it: a serial line takes text, bytes, a number or a boolean, not [1]',
    ],
  },
  'a map to a register that is only read is one fault': {
    yaml: `documents: { m: { driver: modbus-rtu, port: /dev/ttyS1 }, r: { driver: modbus-register, bus: m, unit: 1, register: 1 } }
bindings: [{ on: x, map: { a: 1 }, to: r }]`,
    faults: [
      '4:40: /bindings/0/to: r is a register without write: true and takes no commands (a binding leads to an output or a serial line)',
    ],
  },
  'too many bindings': {
    yaml: `documents: { a: { driver: gpio-out, line: GPIO1 } }\nbindings: [${'{ on: x, to: a }, '.repeat(129)}]`,
    faults: ['4:11: /bindings: 129 bindings, only 128 are possible'],
  },
};
