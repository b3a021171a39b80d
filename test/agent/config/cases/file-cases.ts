import type { FaultCases } from './fault-case.ts';

export const fileCases: FaultCases = {
  'an empty file': {
    isWhole: true,
    yaml: '',
    faults: [
      '1:1: /node: node is missing (write node: pi-42)',
      '1:1: /mqtt: mqtt is missing (write mqtt: { brokers: [{ url: "mqtts://broker.example:8883" }] })',
    ],
  },
  'a list instead of a map': {
    isWhole: true,
    yaml: '- a',
    faults: [
      '1:1: expected a map, found a list (its keys: node, groups, mqtt, gpio, pool, documents, bindings, http, home-assistant, config, trust, health, log, state-folder)',
    ],
  },
  'a syntax error': {
    yaml: 'a: [1',
    faults: ['3:6: not YAML: flow sequence in block collection must be sufficiently indented and end with a ]'],
  },
  'a tab': {
    yaml: 'gpio:\n\tbackend: auto',
    faults: ['4:1: not YAML: tabs are not allowed as indentation (indent with spaces)'],
  },
  'two documents': {
    yaml: '---\nnode: b',
    faults: ['3:1: more than one YAML document in the file: only one is allowed'],
  },
  'a key twice': { yaml: 'node: pi-2', faults: ['3:1: /node: node is there twice (remove one of them)'] },
  'an unknown tag': {
    yaml: 'gpio: !board {}',
    faults: ['3:7: not YAML: unresolved tag (no tags here: secrets are "file:/path/of/it", more files go into conf.d)'],
  },
  'a colon without a space': {
    isWhole: true,
    yaml: 'node:pi-1\nmqtt: {}',
    faults: [
      '1:1: not YAML: implicit keys need to be on a single line (look at the indentation, and for a colon without a space behind it)',
    ],
  },
  'a key that is indented too little': {
    yaml: 'documents:\n  a:\n    driver: gpio-out\n   line: A',
    faults: [
      '6:1: not YAML: all mapping items must start at the same column (the same number of spaces in front of each of them)',
    ],
  },
  'keys that are not below the name they belong to': {
    yaml: 'documents:\n  a:\n  line: A',
    faults: [
      '4:5: /documents/a: expected a map with a driver, found nothing (indent its keys below its name)',
      '5:9: /documents/line: expected a map with a driver, found "A" (write driver: gpio-out …)',
    ],
  },
  'numbers in quotes': {
    yaml: `documents:
  a: { driver: gpio-out, line: A, number: "7" }
  p: { driver: pwm-out, chip: pwmchip0, frequency: 25000, scale: "100" }
  m: { driver: modbus-rtu, port: /dev/ttyS1 }
  r: { driver: modbus-register, bus: m, unit: x, register: 1, scale: "-0.1" }`,
    faults: [
      '4:43: /documents/a/number: expected a channel number from 1 to 65535, found "7" (without quotes: 7)',
      '5:66: /documents/p/scale: expected 1 or 100, found "100" (without quotes: 100)',
      '7:47: /documents/r/unit: expected a unit number from 1 to 247, found "x"',
      '7:70: /documents/r/scale: expected a factor, found "-0.1" (without quotes: -0.1)',
    ],
  },
  'a key that is indented too far': {
    yaml: 'log:\n  level: info\n   environment: test',
    faults: [
      '4:10: not YAML: nested mappings are not allowed in compact mappings (look at the indentation, and for a colon without a space behind it)',
      '4:10: not YAML: implicit keys need to be on a single line (look at the indentation, and for a colon without a space behind it)',
    ],
  },
  'a merge of maps': {
    yaml: 'documents:\n  a: &a { driver: gpio-out, line: A }\n  b: { <<: *a, line: B }',
    faults: ['5:8: /documents/b/<<: maps are not merged (write its keys here)'],
  },
  'an alias without anchor': {
    yaml: 'gpio: *board',
    faults: ['3:7: /gpio: no anchor before this alias (write a text that begins with * in quotes)'],
  },
  'an alias inside its own anchor': {
    yaml: 'gpio: &a { board: *a }',
    faults: ['3:19: /gpio/board: no anchor before this alias (write a text that begins with * in quotes)'],
  },
  'a list as key': { yaml: '? [a]\n: 1', faults: ['3:3: /: a key must be a word'] },
  'a key that means something to JavaScript': {
    yaml: '__proto__: {}',
    faults: ['3:1: /__proto__: __proto__ is not allowed as a key'],
  },
  'an unknown key with a near one': {
    yaml: 'grups: []',
    faults: ['3:1: /grups: unknown key "grups" (did you mean groups?)'],
  },
  'two unknown keys in one map': {
    yaml: 'health: { a: 1, b: 2 }',
    faults: [
      '3:11: /health/a: unknown key "a" (known here: interval)',
      '3:17: /health/b: unknown key "b" (known here: interval)',
    ],
  },
  'a section that is a list': {
    yaml: 'gpio: []',
    faults: ['3:7: /gpio: expected a map, found a list (its keys: backend, board)'],
  },
  'a section that is a word': {
    yaml: 'gpio: auto',
    faults: ['3:7: /gpio: expected a map, found "auto" (its keys: backend, board)'],
  },
  'documents that are a list': {
    yaml: 'documents:\n  - { driver: gpio-out, line: A }',
    faults: ['4:3: /documents: expected a map, found a list (write a name in front of each, without a dash)'],
  },
  'a section without content': {
    yaml: 'health:',
    faults: ['3:8: /health: expected a map, found nothing (remove the key, or indent what belongs to it)'],
  },
};
