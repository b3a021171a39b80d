import { type Action, runAction } from '../actions.ts';
import { sessionOptions, timeoutOption } from '../session.ts';
import { keyOption } from '../signing.ts';
import type { Verb } from '../verb.ts';
import { configDiff, configHistory, configPlan, configSnapshot } from './look.ts';
import { configPush, configRollback } from './push.ts';

/** One row for each action; a new one is a row. */
const actions: readonly Action[] = [configPush, configPlan, configDiff, configHistory, configRollback, configSnapshot];

export const configVerb: Verb = {
  name: 'config',
  operands: `${actions.map(({ name }) => name).join('|')} NODE|@GROUP [FILE]`,
  operandCounts: { min: 1, max: 3 },
  summary: 'Looks at the configs of nodes, and gives them others.',
  options: {
    ...sessionOptions,
    timeout: timeoutOption('how long to wait for an answer (default 5s); for the end of a push it is 4m'),
    ...keyOption,
    author: { type: 'string', placeholder: 'NAME', help: 'author of the key on the boards (default: its kid)' },
    patch: { type: 'boolean', help: 'the file is a merge patch (RFC 7396) of what each node runs, or ran before it' },
    retain: { type: 'boolean', help: 'the broker keeps it: a node that is away takes it when it is back' },
    canary: { type: 'string', placeholder: 'PERCENT', help: 'so many of the nodes first (default 0%)' },
    parallel: {
      type: 'string',
      placeholder: 'N',
      help: 'so many nodes at a time; one that fails halts it (default 16)',
    },
    wait: { type: 'string', placeholder: 'DURATION', help: 'the canaries must stay well so long (default 60s)' },
  },
  examples: [
    'qnctl config plan pi-1 config.yaml',
    'qnctl config push pi-1 config.yaml --key alice',
    'qnctl config push @line-1 patch.yaml --patch --canary 10% --wait 60s',
    'qnctl config rollback @line-1 patch.yaml --patch',
    'qnctl config push pi-2 config.yaml --retain',
    'qnctl config snapshot pi-1 > pi-1.yaml',
  ],
  exits: {
    0: 'done; with push and rollback: every node runs it, or will when it is back',
    1: 'a node did not take it, or a canary fell ill, and nothing more was sent; with plan: it would be refused',
    65: 'with push and rollback: the key cannot be used',
    69: 'no broker, no such node, no answer in time, or a node left out: it is away, or its config or groups are not known',
    78: 'faults in the file',
  },
  busy: 'asking the nodes',
  run: (context, operands, options) => runAction('config', actions, context, operands, options),
};
