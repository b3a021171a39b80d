import { configOption, loadForCli } from './config-option.ts';
import { exitCodes, textOption, type Verb } from './verb.ts';

export const flashMcuVerb: Verb = {
  name: 'flash-mcu',
  operands: 'FILE',
  operandCountMin: 1,
  operandCountMax: 1,
  summary: 'Writes a program into a microcontroller of this board, while the agent is stopped.',
  options: {
    ...configOption,
    mcu: { type: 'string', placeholder: 'DOCUMENT', help: 'which one (default the only one)' },
    hardware: { type: 'string', placeholder: 'NAME', help: 'what the program is for, as in the config' },
  },
  examples: ['qn-agent flash-mcu firmware.hex'],
  exits: {
    0: 'it is written, verified, and runs',
    1: 'it is not; what runs was printed',
    74: 'the file cannot be read, or its port is taken: by the agent, if it runs',
    78: 'a fault in the configuration',
  },
  busy: 'writing',
  async run(context, [file = ''], options) {
    const loaded = await loadForCli(context, options);
    if (!loaded.ok) return loaded.error;
    const { flashLocally } = await import('./flash-mcu-run.ts');
    const [mcu, hardware] = [textOption(options, 'mcu'), textOption(options, 'hardware')];
    return exitCodes[await flashLocally(context, loaded.value.config, { file, mcu, hardware })];
  },
};
