import { stringify } from 'yaml';
import { realFiles } from '../config/generations/file-system.ts';
import { ConfigKeeper } from '../config/generations/keeper.ts';
import { valueOfRecord } from '../config/push/config-state.ts';
import { askControl, socketOption } from './ask-control.ts';
import { formatRecord } from './config/records.ts';
import { stateFolderOf } from './config-error.ts';
import { configOption, configPathOf } from './config-option.ts';
import { tellAnswer } from './reload.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, type Verb } from './verb.ts';

const actions = ['show', 'history', 'rollback'];

/** On the board itself; it needs no broker. */
export const boardConfigVerb: Verb = {
  name: 'config',
  operands: actions.join('|'),
  operandCountMin: 1,
  operandCountMax: 1,
  summary: 'Shows the config that this board took while running, how it got it, and brings back the one before.',
  options: {
    ...configOption,
    ...socketOption,
    'dry-run': { type: 'boolean', help: 'with rollback: only tell what would change' },
    json: { type: 'boolean', help: 'as JSON' },
  },
  examples: ['qn-agent config show', 'qn-agent config history', 'qn-agent config rollback --dry-run'],
  exits: {
    0: 'done',
    1: 'with rollback: it was not taken; with show: this board runs its config file',
    69: 'with rollback: no agent answers on this board',
  },
  busy: 'waiting for the agent to go over to the config of before',
  async run(context, [action = ''], options) {
    if (!actions.includes(action)) {
      context.err(`qn-agent config: no action ${action}; ${actions.join(', ')}`);
      return exitCodes.usage;
    }
    const path = configPathOf(context, options);
    if (action === 'rollback') {
      const wish = { do: 'rollback', isDryRun: isSet(options, 'dry-run') } as const;
      const asked = await askControl(context, options, path, wish);
      return asked.ok ? tellAnswer(context, asked.value, options) : asked.error;
    }
    const keeper = await ConfigKeeper.read(realFiles, await stateFolderOf(context, path));
    return action === 'show' ? show(context, keeper, options) : history(context, keeper, options);
  },
};

function show(context: CliContext, { active }: ConfigKeeper, options: OptionValues): ExitCode {
  if (active === undefined) {
    context.err('this board took no config while running; it runs its config file');
    return exitCodes.failed;
  }
  if (isSet(options, 'json')) context.out(JSON.stringify(active));
  else
    context.out(
      `# version ${active.version}, ${active.origin} by ${active.author}\n${stringify(active.value).trimEnd()}`,
    );
  return exitCodes.ok;
}

function history(context: CliContext, keeper: ConfigKeeper, options: OptionValues): ExitCode {
  for (const record of keeper.history.map(valueOfRecord)) {
    context.out(isSet(options, 'json') ? JSON.stringify(record) : formatRecord(record));
  }
  return exitCodes.ok;
}
