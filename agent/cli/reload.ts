import path from 'node:path';
import { formatFault } from '../config/fault.ts';
import { configFileBytesMax } from '../config/limits.ts';
import type { LocalAnswer } from '../config/push/local.ts';
import { readText } from '../config/read-text.ts';
import { askControl, socketOption } from './ask-control.ts';
import { configPathDefault } from './config-option.ts';
import { formatPlan } from './plan-text.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, type Verb } from './verb.ts';

export const reloadVerb: Verb = {
  name: 'reload',
  operands: '[FILE]',
  summary: 'Has the agent of this board go over to a config file, without a restart.',
  options: {
    ...socketOption,
    'dry-run': { type: 'boolean', help: 'only tell what would change, and on which pin' },
    json: { type: 'boolean', help: 'the answer as one JSON object' },
  },
  examples: ['qnctl reload', 'qnctl reload config.yaml --dry-run'],
  exits: {
    0: 'the new config runs, or nothing changes',
    1: 'it was not taken, or with --dry-run would not be; the config of before runs',
    69: 'no agent answers on this board',
    78: 'faults in the file, each told',
  },
  busy: 'waiting for the agent to go over to the new config',
  async run(context, [file], options) {
    const isDryRun = isSet(options, 'dry-run');
    if (file !== undefined && options['socket'] === undefined) {
      const read = await readText(file, configFileBytesMax); // Where its agent listens is told by the file.
      if (!read.ok && read.error.kind === 'missing') {
        context.err(formatFault({ file, pointer: '', ...read.error }));
        return exitCodes.config;
      }
    }
    const wish = { do: 'reload', isDryRun, ...(file !== undefined && { file: path.resolve(file) }) } as const;
    const asked = await askControl(context, options, file ?? configPathDefault, wish);
    return asked.ok ? tellAnswer(context, asked.value, options) : asked.error;
  },
};

/** The answer to a change that was asked for on the board itself. */
export function tellAnswer(context: CliContext, answer: LocalAnswer, options: OptionValues): ExitCode {
  if (isSet(options, 'json')) context.out(JSON.stringify(answer));
  else for (const line of linesOf(answer)) context.out(line);
  if (answer.faults !== undefined) return exitCodes.config;
  return answer.status === 'rejected' || answer.status === 'failed' || answer.status === 'aborted'
    ? exitCodes.failed
    : exitCodes.ok;
}

function linesOf({ status, version, plan, reason, detail, rollback, faults = [] }: LocalAnswer): readonly string[] {
  const why = [reason, detail].filter((part) => part !== undefined).join(': ');
  const end = rollback === undefined ? '' : `, rollback: ${rollback}`;
  return [
    ...faults,
    ...(plan === undefined ? [] : formatPlan(plan)),
    `${status}${why === '' ? '' : `: ${why}`}${end}; version ${version} runs`,
  ];
}
