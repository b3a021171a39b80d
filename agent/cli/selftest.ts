import type { TestRow } from '../health/self-test.ts';
import { parseLoopback } from '../health/tests/loopback-lines.ts';
import { configOption, hashNow, loadForCli } from './config-option.ts';
import type { SelfTestOrder } from './selftest-run.ts';
import { formatReport, formatRow, idWidth, verdictLine } from './selftest-text.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption, type Verb } from './verb.ts';

export const selftestVerb: Verb = {
  name: 'selftest',
  operands: '',
  operandCountMin: 0,
  operandCountMax: 0,
  summary: 'Tests this board, its code, its disk and its way to the broker.',
  options: {
    ...configOption,
    mode: { type: 'string', placeholder: 'quick|full', help: 'within 1 s, or everything within 30 s (default quick)' },
    output: { type: 'string', placeholder: 'text|json', help: 'how to print the report (default text)' },
    json: { type: 'boolean', help: 'the same as --output json' },
    loopback: { type: 'string', placeholder: 'A:B', help: 'toggle line A and watch line B, which a wire joins to it' },
    'serial-loopback': {
      type: 'string',
      placeholder: 'DOCUMENT',
      help: 'write to a port whose TX and RX a wire joins',
    },
  },
  examples: [
    'qn-agent selftest',
    'qn-agent selftest --mode full --loopback 17:27',
    'qn-agent selftest --output json | jq .health_status',
  ],
  exits: {
    0: 'PASS, or DEGRADED: the board can do its work',
    1: 'FAIL',
    77: 'a file cannot be read',
    78: 'a fault in the configuration',
  },
  busy: 'testing',
  async run(context, _operands, options) {
    const asked = parseOptions(options);
    if (typeof asked === 'string') return refuse(context, asked);
    const loaded = await loadForCli(context, options);
    if (!loaded.ok) return loaded.error;
    const { config, hash } = loaded.value;
    const { checkSerialLoopback, testBoard } = await import('./selftest-run.ts');
    const serial = asked.serialLoopback;
    const checked = serial === undefined ? undefined : checkSerialLoopback(config, serial);
    if (checked?.ok === false) return refuse(context, checked.error);
    const { isJson, ...order } = asked;
    const reload = () => hashNow(context, options);
    // A full test takes seconds: each row is shown when it is done.
    const isLive = order.mode === 'full' && !isJson;
    const onRow = (row: TestRow) => {
      if (isLive) for (const line of formatRow(row, idWidth)) context.out(line);
    };
    const report = await testBoard(context, { ...order, config, hash, reload }, onRow);
    if (isJson) context.out(JSON.stringify(report, undefined, 2));
    else for (const line of isLive ? [verdictLine(report)] : formatReport(report)) context.out(line);
    return report.health_status === 'FAIL' ? exitCodes.failed : exitCodes.ok;
  },
};

function refuse(context: CliContext, why: string): ExitCode {
  context.err(`qn-agent selftest: ${why}`);
  return exitCodes.usage;
}

type Asked = Omit<SelfTestOrder, 'config' | 'hash' | 'reload'> & { readonly isJson: boolean };

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
