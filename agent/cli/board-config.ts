import { socketOption } from './ask-control.ts';
import { configOption } from './config-option.ts';
import { exitCodes, type Verb } from './verb.ts';

const actions = ['show', 'history', 'rollback'];

/** On the board itself; it needs no broker. */
export const boardConfigVerb: Verb = {
  name: 'config',
  operands: actions.join('|'),
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
    77: 'with show and history: what the board keeps may not be read; use sudo',
  },
  busy: 'waiting for the agent to go over to the config of before',
  async run(context, [action = ''], options) {
    if (!actions.includes(action)) {
      context.err(`qn-agent config: no action ${action}; ${actions.join(', ')}`);
      return exitCodes.usage;
    }
    const { runBoardConfig } = await import('./board-config-run.ts');
    return await runBoardConfig(context, action, options);
  },
};
