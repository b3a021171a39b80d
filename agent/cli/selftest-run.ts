import { formatLookedAt, lookedAt } from '../config/generations/looked-at.ts';
import { readOnlyFiles } from '../config/generations/read-only-files.ts';
import { hashNext } from '../config/hash-next.ts';
import type { TestRow } from '../health/self-test.ts';
import { parseLoopback } from '../health/tests/loopback-lines.ts';
import type { chooseConfig } from './choose-config.ts';
import { configPathOf } from './config-option.ts';
import { formatRow, formatRows, idWidth, verdictLine } from './selftest-text.ts';
import { checkSerialLoopback, type SelfTestOrder, testBoard } from './test-board.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption } from './verb.ts';

/**
 * Tests the config that the agent would start with, and keeps nothing of having asked for it. A part: it is loaded when
 * it is asked for, and given what reads configs, which the program has already.
 */
export async function testLocally(
  context: CliContext,
  options: OptionValues,
  choose: typeof chooseConfig,
): Promise<ExitCode> {
  const asked = parseOptions(options);
  if (typeof asked === 'string') return refuse(context, asked);
  const files = readOnlyFiles();
  const chosen = await choose(context, options, files);
  if (!chosen.ok) return chosen.error;
  const { boot, home, loaded } = chosen.value;
  const { config, hash } = boot.checked;
  const { isJson, ...order } = asked;
  const serial = order.serialLoopback;
  const checked = serial === undefined ? undefined : checkSerialLoopback(config, serial);
  if (checked?.ok === false) return refuse(context, checked.error);
  const reload = () => hashNext(home, home.generation, hash);
  // A full test takes seconds: each row is shown when it is done.
  const isLive = order.mode === 'full' && !isJson;
  const onRow = (row: TestRow) => {
    if (isLive) for (const line of formatRow(row, idWidth)) context.out(line);
  };
  const report = await testBoard(context, { ...order, config, hash, troubles: home.troubles, reload }, onRow);
  const looked_at = lookedAt({
    booted: boot,
    loaded,
    configPath: configPathOf(context, options),
    denied: files.denied,
  });
  if (isJson) context.out(JSON.stringify({ ...report, looked_at }, undefined, 2));
  else {
    const rows = isLive ? [] : formatRows(report);
    for (const line of [...rows, `tested ${formatLookedAt(looked_at)}`, verdictLine(report)]) context.out(line);
  }
  return report.health_status === 'FAIL' ? exitCodes.failed : exitCodes.ok;
}

function refuse(context: CliContext, why: string): ExitCode {
  context.err(`qn-agent selftest: ${why}`);
  return exitCodes.usage;
}

type Asked = Pick<SelfTestOrder, 'mode' | 'loopback' | 'serialLoopback'> & { readonly isJson: boolean };

/** Or what is wrong with them. */
function parseOptions(options: OptionValues): Asked | string {
  const output = isSet(options, 'json') ? 'json' : (textOption(options, 'output') ?? 'text');
  if (output !== 'text' && output !== 'json') return `--output takes text or json, not ${output}`;
  const mode = textOption(options, 'mode') ?? 'quick';
  if (mode !== 'quick' && mode !== 'full') return `--mode takes quick or full, not ${mode}`;
  const lines = textOption(options, 'loopback');
  const loopback = lines === undefined ? undefined : parseLoopback(lines);
  if (lines !== undefined && loopback === undefined) return `--loopback takes two lines, like 17:27, not ${lines}`;
  const serialLoopback = textOption(options, 'serial-loopback');
  return {
    mode,
    isJson: output === 'json',
    ...(loopback === undefined ? {} : { loopback }),
    ...(serialLoopback === undefined ? {} : { serialLoopback }),
  };
}
