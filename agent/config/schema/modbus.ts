import * as v from 'valibot';
import * as bounds from '../../../drivers/limits.ts';
import * as limits from '../../limits.ts';
import type { ModbusBusConfig, ModbusRegisterConfig } from '../config.ts';
import { commanded, commandedOf, common, commonOf, driver, uncommanded } from './common.ts';
import { describeInput, message } from './issue.ts';
import { choice, integer, text, unquoteFix } from './scalar.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';
import { baud, parity, settingsOf, wire, wireHints } from './wire.ts';

const answer = duration({
  about: 'What a unit may take to answer, its bytes on the wire not counted.',
  example: `${bounds.modbusAnswerMsDefault}ms`,
  msMin: bounds.modbusAnswerMsMin,
  msMax: bounds.modbusAnswerMsMax,
});

/** 19200 baud with even parity is what the specification sets. MODBUS over serial line V1.02, 2.5.1 */
export const modbusRtu = v.pipe(
  section(
    {
      driver: driver('modbus-rtu', 'A serial line with Modbus units on it; this board is the master.'),
      ...wire,
      baud: baud(19_200),
      parity: parity('even'),
      timeout: v.optional(answer, `${bounds.modbusAnswerMsDefault}ms`),
      ...common,
    },
    { ...wireHints, instead: uncommanded },
  ),
  v.transform(
    (input): ModbusBusConfig => ({
      ...commonOf(input),
      driver: 'modbus-rtu',
      port: input.port,
      settings: settingsOf(input),
      answerMs: input.timeout,
    }),
  ),
);

function finite(what: string, about: string) {
  const wrong = ({ input }: { readonly input: unknown }) =>
    message(`expected ${what}, found ${describeInput(input)}`, unquoteFix(input));
  return v.pipe(
    v.number(wrong),
    v.check((input) => Number.isFinite(input), wrong),
    v.description(about),
  );
}

const scale = v.pipe(
  finite('a factor', 'The value is what the register holds, times this, plus offset.'),
  v.check((factor) => factor !== 0, message('a factor of 0 makes every value the same', 'scale: 0.01')),
);

const poll = duration({
  about: 'Time between two readings.',
  example: '1s',
  msMin: bounds.modbusPollMsMin,
  msMax: bounds.modbusPollMsMax,
});

const registerFields = section(
  {
    driver: driver('modbus-register', 'One value of a Modbus unit.'),
    bus: v.pipe(text('the name of a bus', limits.documentNameBytesMax), v.description('A document with modbus-rtu.')),
    unit: v.pipe(integer('a unit number', 1, bounds.modbusUnitMax), v.description('Number of the unit on the bus.')),
    register: v.pipe(
      integer('a register', 0, bounds.modbusRegisterMax),
      v.description('Address as on the wire, from 0; manuals that count from 1 or 40001 mean one less.'),
    ),
    table: v.optional(
      v.pipe(choice(['holding', 'input', 'coil', 'discrete']), v.description('Which of the four tables of a unit.')),
      'holding',
    ),
    type: v.optional(
      v.pipe(
        choice(['u16', 'i16', 'u32', 'i32', 'f32', 'bool']),
        v.description('How its bits are to be read; absent: bool of coils and discrete inputs, else u16.'),
      ),
    ),
    'word-order': v.optional(
      v.pipe(
        choice(['big', 'little']),
        v.description('Of two registers: whether the one with the high bits is first.'),
      ),
      'big',
    ),
    scale: v.optional(scale, 1),
    offset: v.optional(finite('a number', 'Added after scale.'), 0),
    poll: v.optional(poll, `${bounds.modbusPollMsDefault}ms`),
    write: v.optional(v.pipe(v.boolean(wrongWrite), v.description('Whether commands may change it.')), false),
    'unit-of-measure': v.optional(
      v.pipe(text('a unit of measure', limits.unitOfMeasureBytesMax), v.description('For people: kWh.')),
    ),
    ...commanded,
    ...common,
  },
  {
    later: ['publish'],
    example: { bus: 'bus: serial.bus1', unit: 'unit: 1', register: 'register: 0x0100' },
  },
);

export const modbusRegister = v.pipe(
  registerFields,
  v.forward(
    v.check(({ table, type }) => !isBitTable(table) || type === undefined || type === 'bool', bitType),
    ['type'],
  ),
  v.forward(
    v.check(({ table, write }) => !write || table === 'holding' || table === 'coil', readOnlyTable),
    ['write'],
  ),
  v.forward(
    v.check(({ register, type }) => register < bounds.modbusRegisterMax || !isTwoWords(type), lastRegister),
    ['register'],
  ),
  v.transform(
    (input): ModbusRegisterConfig => ({
      ...commonOf(input),
      ...commandedOf(input),
      driver: 'modbus-register',
      bus: input.bus,
      unit: input.unit,
      table: input.table,
      register: input.register,
      type: input.type ?? (isBitTable(input.table) ? 'bool' : 'u16'),
      wordOrder: input['word-order'],
      scale: input.scale,
      offset: input.offset,
      pollMs: input.poll,
      isWritable: input.write,
      ...(input['unit-of-measure'] !== undefined && { unitOfMeasure: input['unit-of-measure'] }),
    }),
  ),
);

type RegisterInput = v.InferOutput<typeof registerFields>;

function isBitTable(table: RegisterInput['table']): boolean {
  return table === 'coil' || table === 'discrete';
}

function isTwoWords(type: RegisterInput['type']): boolean {
  return type === 'u32' || type === 'i32' || type === 'f32';
}

function wrongWrite({ input }: { readonly input: unknown }): string {
  return message(`expected true or false, found ${describeInput(input)}`);
}

function bitType(): string {
  return message('coils and discrete inputs hold one bit', 'write type: bool, or remove it');
}

function readOnlyTable(): string {
  return message('this table can only be read', 'holding registers and coils can be written');
}

function lastRegister(): string {
  return message('there is no second register behind the last one', 'take one less, or a type of 16 bits');
}
