import * as v from 'valibot';
import { documentNameBytesMax, documentSegmentsMax } from '../../limits.ts';
import { isDocumentName } from '../../qn/topic.ts';
import { nearestName } from '../nearest.ts';
import { isPlainMap } from '../plain-map.ts';
import { gpioCounter, gpioIn } from './gpio-input.ts';
import { gpioOut } from './gpio-output.ts';
import { describeInput, message, quote } from './issue.ts';
import { mcu } from './mcu.ts';
import { modbusRegister, modbusRtu } from './modbus.ts';
import { pwmOut } from './pwm.ts';
import { serialCobs, serialLength, serialLine, serialRaw, serialSlip } from './serial.ts';

const reservedNames = ['agent', 'channels', 'selftest', 'config', 'log'];

export const documentName = v.pipe(
  v.string(),
  v.check(isDocumentName, ({ input }) => message(`not a document name: ${quote(input)}`, nameFix(input))),
  v.check(
    (name) => !reservedNames.includes(name),
    ({ input }) => message(`${input} is the name of a document every node has`, 'choose another name'),
  ),
);

const anyDocument = v.union([
  gpioOut,
  gpioIn,
  gpioCounter,
  pwmOut,
  serialLine,
  serialRaw,
  serialLength,
  serialSlip,
  serialCobs,
  modbusRtu,
  modbusRegister,
  mcu,
]);

const run: (typeof anyDocument)['~run'] = (dataset, config) => {
  const input = dataset.value;
  const refuse = (text: string) => v.union(anyDocument.options, text)['~run']({ value: undefined }, config);
  if (!isPlainMap(input)) {
    return refuse(message(`expected a map with a driver, found ${describeInput(input)}`, mapFix(input)));
  }
  const { driver } = input;
  const schema = anyDocument.options.find(({ entries }) => entries.driver.literal === driver);
  if (schema !== undefined) return schema['~run'](dataset, config);
  const refused = refuse(describeDriver(driver));
  const path = { type: 'object', origin: 'value', input: { ...input }, key: 'driver', value: driver } as const;
  for (const issue of refused.issues ?? []) Object.assign(issue, { path: [path] });
  return refused;
};

/** One entry below `documents`; `driver` decides which keys it has. */
export const document = { ...anyDocument, '~run': run };

function mapFix(input: unknown): string {
  return input === null ? 'indent its keys below its name' : 'write driver: gpio-out …';
}

function describeDriver(input: unknown): string {
  const drivers = anyDocument.options.map(({ entries }) => entries.driver.literal);
  const known = `this version knows ${drivers.join(', ')}`;
  if (input === undefined) return message('driver is missing', known);
  if (typeof input !== 'string') return message(`expected a driver, found ${describeInput(input)}`, known);
  const nearest = nearestName(input, drivers);
  return message(`unknown driver ${quote(input)}`, nearest === undefined ? known : `did you mean ${nearest}?`);
}

function nameFix(name: string): string {
  const rules = `1 to ${documentSegmentsMax} words of a-z, 0-9, - and _ with dots between, ${documentNameBytesMax} bytes at most`;
  const lower = name.toLowerCase().replaceAll(/[ /]+/g, '.');
  return lower !== name && isDocumentName(lower) ? `write ${lower}` : rules;
}
