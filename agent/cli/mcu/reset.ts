import type { Action } from '../actions.ts';
import { notifyVerb } from '../notify.ts';
import { isSet } from '../verb.ts';
import { findMcu } from './rows.ts';

/** Starts it anew, by its reset line where the config has one; with --boot into its bootloader. */
export const mcuReset: Action = {
  name: 'reset',
  operands: 'NODE [MCU]',
  async run(context, operands, options) {
    const found = await findMcu(context, options, operands);
    if (!found.ok) return found.error;
    const value = { reset: isSet(options, 'boot') ? 'boot' : true };
    return await notifyVerb.run(context, [found.value.node, found.value.document, JSON.stringify(value)], options);
  },
};
