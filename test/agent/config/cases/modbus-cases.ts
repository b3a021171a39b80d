import type { FaultCases } from './fault-case.ts';

const bus = 'b: { driver: modbus-rtu, port: /dev/b }';
const register = (rest: string) => `documents: { ${bus}, a: { driver: modbus-register, bus: b, ${rest} } }`;
const binding = (rest: string) => `${register(`unit: 1, register: 0${rest}`)}\nbindings: [{ on: x, to: a }]`;

export const modbusCases: FaultCases = {
  'a register with nothing': {
    yaml: 'documents: { a: { driver: modbus-register } }',
    faults: [
      '3:17: /documents/a/bus: bus is missing (write bus: serial.bus1)',
      '3:17: /documents/a/unit: unit is missing (write unit: 1)',
      '3:17: /documents/a/register: register is missing (write register: 0x0100)',
    ],
  },
  'a bus that is not there': {
    yaml: `documents: { bus1: { driver: modbus-rtu, port: /dev/b }, a: { driver: modbus-register, bus: bus2, unit: 1, register: 0 } }`,
    faults: ['3:93: /documents/a/bus: no document "bus2" (did you mean bus1?)'],
  },
  'a bus that is none, on a board without any': {
    yaml: 'documents: { c: { driver: gpio-out, line: L }, a: { driver: modbus-register, bus: c, unit: 1, register: 0 } }',
    faults: ['3:83: /documents/a/bus: c is no bus (add one with driver: modbus-rtu)'],
  },
  'units and registers that there are not': {
    yaml: register('unit: 248, register: 65536'),
    faults: [
      '3:99: /documents/a/unit: expected a unit number from 1 to 247, found number 248',
      '3:114: /documents/a/register: expected a register from 0 to 65535, found number 65536',
    ],
  },
  'a number of 32 bits in the last register': {
    yaml: register('unit: 1, register: 0xffff, type: f32'),
    faults: [
      '3:112: /documents/a/register: there is no second register behind the last one (take one less, or a type of 16 bits)',
    ],
  },
  'a coil of 16 bits': {
    yaml: register('unit: 1, register: 0, table: coil, type: u16'),
    faults: ['3:134: /documents/a/type: coils and discrete inputs hold one bit (write type: bool, or remove it)'],
  },
  'writing an input register': {
    yaml: register('unit: 1, register: 0, table: input, write: true'),
    faults: ['3:136: /documents/a/write: this table can only be read (holding registers and coils can be written)'],
  },
  'words that no register knows': {
    yaml: register(
      'unit: 1, register: 0, table: holdin, type: u64, word-order: middle, scale: 0, poll: 1ms, write: yes',
    ),
    faults: [
      '3:122: /documents/a/table: expected holding or input or coil or discrete, found "holdin" (did you mean holding?)',
      '3:136: /documents/a/type: expected u16 or i16 or u32 or i32 or f32 or bool, found "u64"',
      '3:153: /documents/a/word-order: expected big or little, found "middle"',
      '3:168: /documents/a/scale: a factor of 0 makes every value the same (scale: 0.01)',
      '3:177: /documents/a/poll: 1ms is out of range (from 10ms to 1d)',
      '3:189: /documents/a/write: expected true or false, found "yes"',
    ],
  },
  'a binding to a register that is only read': {
    yaml: binding(''),
    faults: [
      '4:25: /bindings/0/to: a is a register without write: true and takes no commands (a binding leads to an output or a serial line)',
    ],
  },
  'a binding to a bus': {
    yaml: `documents: { ${bus} }\nbindings: [{ on: x, to: b }]`,
    faults: ['4:25: /bindings/0/to: b is a bus and takes no commands (a binding leads to an output or a serial line)'],
  },
  'a time-out without unit': {
    yaml: 'documents: { b: { driver: modbus-rtu, port: /dev/b, timeout: 300 } }',
    faults: ['3:62: /documents/b/timeout: a duration without unit: 300 (write 300s or 300ms)'],
  },
  'a bus without a slot for it': {
    yaml: `pool: { profile: tiny }\ndocuments:\n${['a', 'b', 'c', 'd'].map((name) => `  ${name}: { driver: modbus-rtu, port: /dev/${name} }`).join('\n')}`,
    faults: ['8:34: /documents/d/port: pool tiny has room for 3 serial ports (remove some)'],
  },
};
