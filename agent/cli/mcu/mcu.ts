import { type Action, runAction } from '../actions.ts';
import { sessionOptions } from '../session.ts';
import type { Verb } from '../verb.ts';
import { mcuFlash } from './flash.ts';
import { mcuInfo, mcuList } from './list.ts';
import { mcuLog } from './log.ts';
import { mcuReset } from './reset.ts';

/** One row for each action; a new one is a file and a row. */
const actions: readonly Action[] = [mcuList, mcuInfo, mcuReset, mcuFlash, mcuLog];

export const mcuVerb: Verb = {
  name: 'mcu',
  operands: `${actions.map(({ name }) => name).join('|')} NODE [MCU] [FILE]`,
  operandCounts: { min: 1, max: 4 },
  summary: 'Looks after the microcontrollers of a node.',
  options: {
    ...sessionOptions,
    boot: { type: 'boolean', help: 'with reset: into the bootloader' },
    version: { type: 'string', placeholder: 'TEXT', help: 'with flash: what the image is called' },
    sign: { type: 'string', placeholder: 'FILE', help: 'with flash: key to sign the order with' },
    from: { type: 'string', placeholder: 'URL', help: 'with flash: the node fetches the file there, https only' },
    retain: { type: 'boolean', help: 'with flash --from: the order waits at the broker for a node that is away' },
    hardware: { type: 'string', placeholder: 'NAME', help: 'with flash: what it is for, as in the config' },
    for: { type: 'string', placeholder: 'DURATION', help: 'with log: how long (default until Ctrl-C)' },
  },
  examples: [
    'qnctl mcu list',
    'qnctl mcu info pi-1',
    'qnctl mcu reset pi-1 firmware.mcu0',
    'qnctl mcu flash pi-1 firmware.mcu0 new.hex',
    'qnctl mcu flash pi-1 firmware.mcu0 new.hex --from https://files.example/new.hex --retain --sign fw.key',
    'qnctl mcu log pi-1',
  ],
  exits: {
    0: 'done; with list and info: every one of them works',
    1: 'with list and info: one does not work; with reset and flash: it was refused, or failed',
    65: 'with flash: a file that is no image, or a key that cannot be used',
    69: 'no broker, or no answer in time',
    74: 'with flash: the file cannot be read',
  },
  busy: 'asking the node',
  run: (context, operands, options) => runAction('mcu', actions, context, operands, options),
};
