import { writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { planChange } from '../../config/change/plan.ts';
import type { CheckedConfig } from '../../config/check.ts';
import { checkValue } from '../../config/check-value.ts';
import { formatFault } from '../../config/fault.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import type { Value } from '../../qn/message.ts';
import { applyMergePatch } from '../../qn/value.ts';
import type { Action } from '../actions.ts';
import { formatPlan } from '../plan-text.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues } from '../verb.ts';
import { openConfigSession } from './config-session.ts';
import { diffValues, formatDifference } from './differences.ts';
import type { NodeConfig, NodeView } from './fleet.ts';
import { readConfigFile } from './push.ts';
import { formatRecord } from './records.ts';

interface Looked {
  readonly view: NodeView;
  readonly config: NodeConfig & { readonly value: Value };
}

/** One node and the config it runs; every way it can fail is told here. */
async function lookAt(context: CliContext, node: string, options: OptionValues): Promise<Result<Looked, ExitCode>> {
  const opened = await openConfigSession(context, node, options);
  if (!opened.ok) return opened;
  await using session = opened.value;
  const [view] = session.nodes;
  const count = session.nodes.length + session.leftOut.length;
  if (count > 1) context.err(`qnctl config: this is for one node, and ${node} is ${count}`);
  if (count > 1 || view?.config === undefined) return fail(exitCodes.usage);
  const { value } = view.config;
  if (value !== undefined) return ok({ view, config: { ...view.config, value } });
  context.err(`qnctl config: the config of ${node} does not fit into its messages; look at it on the board`);
  return fail(exitCodes.unavailable);
}

/** What the node would run after a push of this file. */
async function nextValue(
  context: CliContext,
  { config, view }: Looked,
  file: string,
  options: OptionValues,
): Promise<Value | undefined> {
  const read = await readConfigFile(file);
  if (!read.ok) {
    context.err(read.error);
    return undefined;
  }
  if (isSet(options, 'patch')) return applyMergePatch(config.value, read.value);
  return isPlainMap(read.value) && !('node' in read.value) ? { node: view.name, ...read.value } : read.value;
}

export const configDiff: Action = {
  name: 'diff',
  operands: 'NODE FILE',
  async run(context, [node = '', file = ''], options) {
    const looked = await lookAt(context, node, options);
    if (!looked.ok) return looked.error;
    const next = await nextValue(context, looked.value, file, options);
    if (next === undefined) return exitCodes.config;
    const differences = diffValues(looked.value.config.value, next);
    if (isSet(options, 'json')) context.out(JSON.stringify(differences));
    else for (const difference of differences) context.out(formatDifference(difference));
    return exitCodes.ok;
  },
};

export const configPlan: Action = {
  name: 'plan',
  operands: 'NODE FILE',
  async run(context, [node = '', file = ''], options) {
    const looked = await lookAt(context, node, options);
    if (!looked.ok) return looked.error;
    const next = await nextValue(context, looked.value, file, options);
    if (next === undefined) return exitCodes.config;
    const from = check(context, looked.value.config.value, `state/config of ${node}`);
    const to = check(context, next, file);
    if (from === undefined || to === undefined) return exitCodes.config;
    const { states } = looked.value.view;
    const plan = planChange(from.config, to.config, (name) => states.get(name));
    if (isSet(options, 'json')) context.out(JSON.stringify(plan));
    else for (const line of formatPlan(plan)) context.out(line);
    return plan.restart.length === 0 ? exitCodes.ok : exitCodes.failed;
  },
};

function check(context: CliContext, value: Value, name: string): CheckedConfig | undefined {
  const checked = checkValue(value, {}, name);
  if (checked.ok) return checked.value.checked;
  for (const fault of checked.error) context.err(formatFault(fault));
  return undefined;
}

export const configHistory: Action = {
  name: 'history',
  operands: 'NODE',
  async run(context, [node = ''], options) {
    const looked = await lookAt(context, node, options);
    if (!looked.ok) return looked.error;
    const { history, version, author } = looked.value.config;
    if (isSet(options, 'json')) for (const record of history) context.out(JSON.stringify(record));
    else for (const record of history) context.out(formatRecord(record));
    if (!isSet(options, 'json')) context.out(`version ${version} of ${author} runs`);
    return exitCodes.ok;
  },
};

export const configSnapshot: Action = {
  name: 'snapshot',
  operands: 'NODE [FILE]',
  async run(context, [node = '', file], options) {
    const looked = await lookAt(context, node, options);
    if (!looked.ok) return looked.error;
    const { value } = looked.value.config;
    const text = isSet(options, 'json') ? `${JSON.stringify(value)}\n` : stringify(value);
    if (file === undefined) context.out(text.trimEnd());
    else await writeFile(file, text);
    return exitCodes.ok;
  },
};
