import { fieldsOf } from '../../qn/value.ts';
import type { Action } from '../actions.ts';
import { formatValue, plainText } from '../message-text.ts';
import { exitCodes, isSet } from '../verb.ts';
import { findMcu, findMcus, type McuRow } from './rows.ts';

/** A line for each: `pi-1  firmware.mcu0  link up  firmware 1.0.0  safe none`. */
export const mcuList: Action = {
  name: 'list',
  operands: '[NODE]',
  async run(context, [node], options) {
    const found = await findMcus(context, options, node);
    if (!found.ok) return found.error;
    for (const mcu of found.value) context.out(isSet(options, 'json') ? jsonOf(mcu) : briefly(mcu));
    return found.value.every(isWorking) ? exitCodes.ok : exitCodes.failed;
  },
};

/** Everything the health report says of one, a line for each field. */
export const mcuInfo: Action = {
  name: 'info',
  operands: 'NODE [MCU]',
  async run(context, operands, options) {
    const found = await findMcu(context, options, operands);
    if (!found.ok) return found.error;
    if (isSet(options, 'json')) context.out(jsonOf(found.value));
    else for (const line of fully(found.value)) context.out(line);
    return isWorking(found.value) ? exitCodes.ok : exitCodes.failed;
  },
};

function isWorking({ row }: McuRow): boolean {
  return row['state'] === 'working';
}

function jsonOf({ node, document, row }: McuRow): string {
  return JSON.stringify({ node, document, ...row });
}

function briefly({ node, document, row }: McuRow): string {
  const facts = ['link', 'firmware', 'safe'].flatMap((key) =>
    row[key] === undefined ? [] : [`${key} ${plainText(row[key])}`],
  );
  const error = row['error'] === undefined ? [] : [plainText(row['error'])];
  return [node, document, ...facts, ...error].join('  ');
}

function fully({ node, document, row }: McuRow): readonly string[] {
  const lines = Object.keys(row).flatMap((key) => {
    const nested = Object.entries(fieldsOf(row[key]));
    return nested.length === 0
      ? [`  ${key}: ${plainText(row[key])}`]
      : nested.map(([name, value]) => `  ${key}.${name}: ${formatValue(value)}`);
  });
  return [`${node} ${document}`, ...lines];
}
