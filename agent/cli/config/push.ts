import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { parseDuration } from '../../config/duration.ts';
import { formatFault } from '../../config/fault.ts';
import { configFileBytesMax, configPushMsMax, rollOutAtOnceMax, rollOutParallelMax } from '../../config/limits.ts';
import { parseYaml } from '../../config/parse-yaml.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { readText } from '../../config/read-text.ts';
import { toPlain } from '../../config/tree.ts';
import type { Value } from '../../qn/message.ts';
import { createIdSource } from '../../qn/snowflake.ts';
import { isGroupName } from '../../qn/topic.ts';
import type { Action } from '../actions.ts';
import { namedKey } from '../signing.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption } from '../verb.ts';
import { findMute, markMute } from './ask-silent.ts';
import { openConfigSession } from './config-session.ts';
import { isTaken, isUnasked, isUnheard, type PushEnd } from './fleet.ts';
import { pushOne, type Sender } from './push-one.ts';
import { type RollOut, rollOut } from './roll-out.ts';

/** The author of what nobody signs, as the agent has it. */
const unsignedAuthor = 'unsigned';

export const configPush: Action = {
  name: 'push',
  operands: 'NODE|@GROUP FILE',
  async run(context, [target = '', file = ''], options) {
    const read = await readConfigFile(file);
    if (!read.ok) {
      context.err(read.error);
      return exitCodes.config;
    }
    const code = await pushValue(context, target, read.value, options);
    const isPart = isPlainMap(read.value) && !('mqtt' in read.value) && !isSet(options, 'patch');
    if (code === exitCodes.failed && isPart) context.err(`qnctl config: ${partHint}`);
    return code;
  },
};

/** Not refused before: the environment of a board may bring the rest. */
const partHint = 'the file has no mqtt section; if only what is in it is to change, push it with --patch';

export const configRollback: Action = {
  name: 'rollback',
  operands: 'NODE|@GROUP [FILE]',
  async run(context, [target = '', file], options) {
    const read = file === undefined ? ok(undefined) : await readConfigFile(file);
    if (!read.ok) {
      context.err(read.error);
      return exitCodes.config;
    }
    return await pushValue(context, target, { rollback: true }, options, read.value);
  },
};

/** `takenBack`: only from those that run it. */
async function pushValue(
  context: CliContext,
  target: string,
  value: Value,
  options: OptionValues,
  takenBack?: Value,
): Promise<ExitCode> {
  const wished = wishOf(target, takenBack ?? value, options);
  const named = await namedKey(context.env, options);
  if (!wished.ok) return refuse(context, wished.error, exitCodes.usage);
  if (!named.ok) return refuse(context, named.error, exitCodes.data);
  const key = named.value;
  const { watchMs, canaryRatio, parallelCount } = wished.value;
  const opened = await openConfigSession(context, target, options);
  if (!opened.ok) return opened.error;
  await using session = opened.value;
  await markMute(context, session.session, session.fleet, session.nodes);
  const { clock } = context;
  const source = session.session.name;
  const sender: Sender = {
    ...{ clock, fleet: session.fleet, source, key, value, timeoutMs: configPushMsMax },
    ids: createIdSource({ clock, nodeName: source }),
    author: textOption(options, 'author') ?? key?.kid ?? unsignedAuthor,
    isMany: isGroupName(target),
    isPatch: isSet(options, 'patch'),
    ...(takenBack !== undefined && { takenBack }),
    isRetained: isSet(options, 'retain'),
    publish: (topic, payload, retain) => session.session.publish({ topic, payload, qos: 1, retain }),
  };
  const nodes = session.nodes.map(({ name }) => name);
  const isJson = isSet(options, 'json');
  const ended = (end: PushEnd) => context.out(isJson ? JSON.stringify(end) : formatEnd(end));
  for (const { node, detail } of session.leftOut) ended({ node, status: 'unasked', detail });
  const rolled = await rollOut(
    {
      clock,
      fleet: session.fleet,
      push: (node) => pushOne(sender, node),
      mute: (names) => findMute(context, session.session, session.fleet, names),
      ended,
      doing: (what) => context.progress?.(what),
    },
    nodes,
    { canaryCount: Math.ceil(nodes.length * canaryRatio), watchMs, parallelCount },
    context.signal,
  );
  return tellRollOut(context, rolled, session.leftOut.length, isJson);
}

function refuse(context: CliContext, why: string, code: ExitCode): ExitCode {
  context.err(`qnctl config: ${why}`);
  return code;
}

interface Wish {
  readonly canaryRatio: number;
  readonly watchMs: number;
  readonly parallelCount: number;
}

function wishOf(target: string, value: Value, options: OptionValues): Result<Wish, string> {
  const isMany = isGroupName(target);
  if (isMany && isPlainMap(value) && 'node' in value) {
    return fail(
      `the file names one node, and ${target} is many; take node: out of it, each node then keeps its own name`,
    );
  }
  const canary = textOption(options, 'canary') ?? '0%';
  const percent = /^(\d{1,3})%$/.exec(canary)?.[1];
  if (percent === undefined || Number(percent) > 100) return fail(`not a share: ${canary}; write it like 10%`);
  const watchMs = parseDuration(textOption(options, 'wait') ?? '60s');
  if (watchMs === undefined) return fail('--wait is written like 60s');
  const parallelCount = Number(textOption(options, 'parallel') ?? rollOutAtOnceMax);
  if (!Number.isInteger(parallelCount) || parallelCount < 1 || parallelCount > rollOutParallelMax)
    return fail(`--parallel is a number of nodes from 1 to ${rollOutParallelMax}`);
  return ok({ canaryRatio: Number(percent) / 100, watchMs, parallelCount });
}

/** YAML or JSON, as it is written; whether it is right is for the board to say. */
export async function readConfigFile(file: string): Promise<Result<Value, string>> {
  const read = await readText(file, configFileBytesMax);
  if (!read.ok) return fail(formatFault({ file, pointer: '', ...read.error }));
  const parsed = parseYaml(read.value.text, file);
  if (!parsed.ok) return fail(parsed.error.map(formatFault).join('\n'));
  return parsed.value?.kind === 'map' ? ok(toPlain(parsed.value)) : fail(`${file}: expected a map of sections`);
}

export function formatEnd({ node, status, reason, detail, rollback, version, retained }: PushEnd): string {
  const why = [reason, detail].filter((part) => part !== undefined).join(': ');
  const runs = version === undefined ? '' : `; version ${version} runs`;
  const back = rollback === undefined ? '' : `; rollback: ${rollback}`;
  const kept = retained === true ? '; the broker keeps it for this node' : '';
  return `${node}  ${status}${why === '' ? '' : `  ${why}`}${back}${runs}${kept}`;
}

function tellRollOut(
  context: CliContext,
  { ends, untouched, halted }: RollOut,
  leftOutCount: number,
  isJson: boolean,
): ExitCode {
  const taken = ends.filter(isTaken).length;
  const away = ends.filter(isUnasked).length;
  const unheard = ends.filter(isUnheard).length;
  const counts = {
    successful: taken,
    failed: ends.length - taken - away - unheard,
    unanswered: unheard,
    untouched: untouched.length + away + leftOutCount,
  };
  if (isJson) context.out(JSON.stringify({ ...counts, ...(halted !== undefined && { halted }) }));
  else if (ends.length + counts.untouched > 1 || halted !== undefined) {
    const end = halted === undefined ? '' : `; halted: ${halted}`;
    const silent = unheard === 0 ? '' : `, ${unheard} did not say`;
    context.out(
      `${counts.successful} took it, ${counts.failed} did not${silent}, ${counts.untouched} were not asked${end}`,
    );
  }
  if (unheard > 0) return exitCodes.unavailable;
  if (halted !== undefined) return exitCodes.failed;
  return away + leftOutCount === 0 ? exitCodes.ok : exitCodes.unavailable;
}
