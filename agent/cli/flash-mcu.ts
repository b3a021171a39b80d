import { chooseConfig } from './choose-config.ts';
import { configOption } from './config-option.ts';
import { textOption, type Verb } from './verb.ts';

export const flashMcuVerb: Verb = {
  name: 'flash-mcu',
  operands: 'FILE',
  summary: 'Writes a program into a microcontroller while the agent is stopped.',
  options: {
    ...configOption,
    mcu: { type: 'string', placeholder: 'DOCUMENT', help: 'which one' },
    hardware: { type: 'string', placeholder: 'NAME', help: 'what it is for' },
  },
  examples: ['qn-agent flash-mcu firmware.hex'],
  exits: {
    0: 'it runs',
    1: 'it was not written, or does not run',
    65: 'a file that is no image',
    74: 'the file cannot be read, or the port is taken',
    77: 'the configuration cannot be read, or root cannot become the user of the state folder',
    78: 'a fault in the configuration, or nothing in it that says how to write the program',
  },
  busy: 'writing',
  async run(context, [file = ''], options) {
    const { flashLocally } = await import('./flash-mcu-run.ts');
    const [mcu, hardware] = [textOption(options, 'mcu'), textOption(options, 'hardware')];
    return await flashLocally(context, options, chooseConfig, { file, mcu, hardware });
  },
};
