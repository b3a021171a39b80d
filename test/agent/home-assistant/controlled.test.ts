import { expect, it } from 'vitest';
import { componentsOf } from '../../../agent/home-assistant/components.ts';
import { configOf } from '../../support/memory-agent.ts';
import { fieldFaults } from './field-rules.ts';

const documents = [
  'relay: { driver: gpio-out, line: GPIO17 }',
  'fan: { driver: pwm-out, chip: pwmchip0, channel: 0, frequency: 25000, scale: 100 }',
  'goal: { driver: modbus-register, bus: bus, unit: 3, register: 9, type: i16, write: true }',
  'heat: { driver: modbus-register, bus: bus, unit: 3, register: 2, table: coil, type: bool, write: true }',
];

it.each([
  ['nothing', '', ['switch', 'number', 'number', 'switch']],
  ['a source', ', control: [ops]', ['binary_sensor', 'sensor', 'sensor', 'binary_sensor']],
])(
  'Home Assistant, which says no source, commands or is only shown what asks for %s (QN-4.9)',
  (_, control, expected) => {
    const bus = 'bus: { driver: modbus-rtu, port: /dev/ttyUSB1, baud: 19200 }';
    const lines = [bus, ...documents.map((line) => line.replace(' }', `${control} }`))];
    const all = componentsOf(configOf({ documents: lines, sections: 'home-assistant: {}' }, '/tmp/board'));
    const shown = ['relay', 'fan', 'goal', 'heat'].map((key) => all[key]);
    expect(shown.map((entity) => entity?.platform)).toEqual(expected);
    expect(shown.map((entity) => entity?.['command_topic'] !== undefined)).toEqual(expected.map(() => control === ''));
    expect(Object.entries(all).flatMap(([key, entity]) => fieldFaults(key, entity))).toEqual([]);
  },
);
