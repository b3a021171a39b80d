import type { FaultCases } from './fault-case.ts';

export const sectionCases: FaultCases = {
  'http for other machines': {
    yaml: 'http: { host: 0.0.0.0, port: 8088 }',
    faults: [
      '3:15: /http/host: "0.0.0.0" is not the loopback: other machines need a token (write token: "file:/etc/qn-agent/http-token", or host: 127.0.0.1)',
    ],
  },
  'http with a token as it is': {
    yaml: 'http: { port: 8088, token: s3cret }',
    faults: [
      '3:28: /http/token: a secret in plain text (put it into a file of its own and write "file:/path/of/it", or name a variable: "env:NAME")',
    ],
  },
  'a button of home assistant that is longer than its output may be on': {
    yaml: 'documents: { a: { driver: gpio-out, line: X, max-on: 5s, min-dwell: 1s } }\nhome-assistant: { buttons: { a: 10s } }',
    faults: ['4:33: /home-assistant/buttons/a: a does not take it: a pulse of 10000 ms; this output takes 1s to 5s'],
  },
  'a button of home assistant that is no output': {
    yaml: 'documents: { a: { driver: gpio-in, line: X } }\nhome-assistant: { buttons: { a: 1s } }',
    faults: ['4:33: /home-assistant/buttons/a: a is no gpio-out (only an output can be a button)'],
  },
  'a button on an output that asks for a source': {
    yaml: 'documents: { a: { driver: gpio-out, line: X, control: [ops] } }\nhome-assistant: { buttons: { a: 1s } }',
    faults: [
      '4:33: /home-assistant/buttons/a: a takes no commands of Home Assistant (remove its control, or the button)',
    ],
  },
  'home assistant and cbor': {
    isWhole: true,
    yaml: 'node: n\nmqtt: { brokers: [{ url: "mqtt://h" }], encoding: cbor }\nhome-assistant: {}',
    faults: ['2:51: /mqtt/encoding: Home Assistant reads no CBOR (write encoding: json, or remove home-assistant)'],
  },
  'http on no port': {
    yaml: 'http: { port: 0 }',
    faults: ['3:15: /http/port: expected a port from 1 to 65535, found number 0'],
  },
  'http on a relative socket': {
    yaml: 'http: { socket: run/http.sock }',
    faults: ['3:17: /http/socket: the path of the socket is a relative path: "run/http.sock" (begin it with /)'],
  },
  'http on a socket with a long path': {
    yaml: `http: { socket: /${'x'.repeat(107)} }`,
    faults: ['3:17: /http/socket: the path of a socket has at most 107 bytes'],
  },
  'a node name with capitals': {
    isWhole: true,
    yaml: 'node: Pi\nmqtt: { brokers: [{ url: "mqtt://h" }] }',
    faults: ['1:7: /node: not a node name: "Pi" (a-z, 0-9, - and _, beginning with a letter or digit, at most 63)'],
  },
  'a node name that is a number': {
    isWhole: true,
    yaml: 'node: 42\nmqtt: { brokers: [{ url: "mqtt://h" }] }',
    faults: ['1:7: /node: expected the name of the node, found number 42 (put it in quotes: "42")'],
  },
  'groups that are no list': {
    yaml: 'groups: line-1',
    faults: ['3:9: /groups: expected a list of groups, found "line-1" ([a, b])'],
  },
  'a group with @': {
    yaml: 'groups: ["@line"]',
    faults: ['3:10: /groups/0: a group is written without @: "@line" (line)'],
  },
  'a group name with a space': {
    yaml: 'groups: [a b]',
    faults: [
      '3:10: /groups/0: not a group name: "a b" (a-z, 0-9, - and _, beginning with a letter or digit, at most 63)',
    ],
  },
  'the group all': { yaml: 'groups: [all]', faults: ['3:10: /groups/0: every node is in all already (remove it)'] },
  'a group twice': { yaml: 'groups: [a, a]', faults: ['3:13: /groups/1: the same group twice (remove one of them)'] },
  'too many groups': {
    yaml: `groups: [${Array.from({ length: 17 }, (_, index) => `g${index}`).join(', ')}]`,
    faults: ['3:9: /groups: 17 groups, only 16 are possible'],
  },
  'a backend that is not there': {
    yaml: 'gpio: { backend: gpiod }',
    faults: ['3:18: /gpio/backend: expected auto or gpiochip or sysfs or simulated, found "gpiod"'],
  },
  'a board folder for real lines': {
    yaml: 'gpio: { backend: sysfs, board: /b }',
    faults: ['3:32: /gpio/board: only a simulated board lies in a folder (write backend: simulated, or remove board)'],
  },
  'a pool profile that is not there': {
    yaml: 'pool: { profile: small }',
    faults: ['3:18: /pool/profile: expected standard or tiny, found "small"'],
  },
  'an interval below the bound': {
    yaml: 'health: { interval: 999ms }',
    faults: ['3:21: /health/interval: 999ms is out of range (from 1s to 1d)'],
  },
  'an interval above the bound': {
    yaml: 'health: { interval: 25h }',
    faults: ['3:21: /health/interval: 25h is out of range (from 1s to 1d)'],
  },
  'a log level that is not there': {
    yaml: 'log: { level: trace }',
    faults: ['3:15: /log/level: expected debug or info or warn or error, found "trace"'],
  },
  'a relative state folder': {
    yaml: 'state-folder: state',
    faults: ['3:15: /state-folder: the state folder is a relative path: "state" (begin it with /)'],
  },
};
