import { createTable } from '../dispatch/table.ts';
import { Board } from '../documents/board.ts';
import { noMemory } from '../documents/memory-file.ts';
import { bootTests } from '../health/boot-tests.ts';
import { runSelfTest, type SelfTestReport, type TestRow } from '../health/self-test.ts';
import { poolProfiles } from '../limits.ts';
import { silentLog } from '../log.ts';
import { createPool } from '../pool/pool.ts';
import { configOption, loadForCli } from './config-option.ts';
import { openDrivers } from './live-environment.ts';
import { type CliContext, exitCodes, isSet, textOption, type Verb } from './verb.ts';

export const selftestVerb: Verb = {
  name: 'selftest',
  operands: '',
  operandCountMin: 0,
  operandCountMax: 0,
  summary: 'Tests this board as the agent would at boot, without a broker.',
  options: {
    ...configOption,
    output: { type: 'string', placeholder: 'text|json', help: 'how to print the report (default text)' },
    json: { type: 'boolean', help: 'the same as --output json' },
  },
  examples: ['qn-agent selftest', 'qn-agent selftest --output json | jq .health_status'],
  exits: {
    0: 'PASS, or DEGRADED: the board can do its work',
    1: 'FAIL',
    77: 'a file cannot be read',
    78: 'a fault in the configuration',
  },
  busy: 'testing',
  async run(context, _operands, options) {
    const output = isSet(options, 'json') ? 'json' : (textOption(options, 'output') ?? 'text');
    if (output !== 'text' && output !== 'json') {
      context.err(`qn-agent selftest: --output takes text or json, not ${output}`);
      return exitCodes.usage;
    }
    const loaded = await loadForCli(context, options);
    if (!loaded.ok) return loaded.error;
    const report = await testBoard(context, loaded.value);
    if (output === 'json') context.out(JSON.stringify(report, undefined, 2));
    else for (const line of formatReport(report)) context.out(line);
    return report.health_status === 'FAIL' ? exitCodes.failed : exitCodes.ok;
  },
};

/** Opens the drivers as at boot, so outputs go to their `safe.boot` state; lines held by a running agent are left alone. */
async function testBoard(context: CliContext, { config, hash }: Loaded): Promise<SelfTestReport> {
  const { clock, random } = context;
  const pool = createPool(poolProfiles[config.pool.profile]);
  pool.seal();
  const drivers = openDrivers(context);
  const board = await Board.open(
    {
      clock,
      log: silentLog,
      pool,
      random,
      openBytePort: drivers.openBytePort,
      pwm: drivers.createPwm(config.gpio),
      memoryOf: () => noMemory,
      changed() {},
      removed() {},
      happened() {},
      troubleChanged() {},
    },
    await drivers.openGpio(config.gpio),
    createTable(config).rows,
  );
  const document = (name: string) => board.document(name);
  const report = await runSelfTest(clock, bootTests({ clock, pool, config, configHash: hash, document }));
  await board[Symbol.asyncDispose]();
  pool.close();
  return report;
}

type Loaded = Extract<Awaited<ReturnType<typeof loadForCli>>, { ok: true }>['value'];

const marks = { pass: 'ok  ', fail: 'FAIL', skip: 'skip' } as const;

/** One aligned line a test, a fix below each failure, the verdict last. */
export function formatReport({ tests, health_status, took_ms }: SelfTestReport): readonly string[] {
  const width = Math.max(...tests.map(({ id }) => id.length));
  const verdict = `${health_status}: ${tests.length} tests in ${took_ms} ms (a check of the agent's surroundings, not a safety function)`;
  return [...tests.flatMap((row) => formatRow(row, width)), verdict];
}

function formatRow({ status, id, detail, took_us, fix }: TestRow, width: number): readonly string[] {
  const line = `${marks[status]} ${id.padEnd(width)} ${String(took_us).padStart(7)} µs  ${detail}`;
  return fix === undefined || status === 'pass' ? [line] : [line, `     ${' '.repeat(width)} → ${fix}`];
}
