import { describe, expect, it } from 'vitest';
import { checkVerb } from '../../../agent/cli/check.ts';
import { type Program, runProgram } from '../../../agent/cli/command-line.ts';
import { decodeVerb } from '../../../agent/cli/decode.ts';
import { encodeVerb } from '../../../agent/cli/encode.ts';
import { healthVerb } from '../../../agent/cli/health.ts';
import { notifyVerb } from '../../../agent/cli/notify.ts';
import { queryVerb } from '../../../agent/cli/query.ts';
import { runVerb } from '../../../agent/cli/run.ts';
import { selftestVerb } from '../../../agent/cli/selftest.ts';
import type { Verb } from '../../../agent/cli/verb.ts';
import { watchVerb } from '../../../agent/cli/watch.ts';
import { agentVersion } from '../../../agent/version.ts';
import { recordContext } from './context.ts';

const programs: readonly Program[] = [
  { name: 'qn-agent', summary: 'the agent', verbs: [runVerb, selftestVerb, checkVerb] },
  {
    name: 'qnctl',
    summary: 'for people',
    verbs: [queryVerb, notifyVerb, watchVerb, healthVerb, decodeVerb, encodeVerb],
  },
];
const rows = programs.flatMap((program) =>
  program.verbs.map((verb) => [program.name, verb.name, program, verb] as const),
);

async function run(program: Program, ...argv: readonly string[]) {
  const context = recordContext();
  const code = await runProgram(program, argv, context);
  return { code, out: context.outLines.join('\n'), err: context.errLines.join('\n') };
}

describe('the help', () => {
  it.each(rows)(
    'of %s %s names its operands, each option, and examples that begin with the program',
    async (name, _verb, program, verb) => {
      const { code, out, err } = await run(program, verb.name, '--help');
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain(`${name} ${verb.name}${verb.operands === '' ? '' : ` ${verb.operands}`}\n`);
      expect(out).toContain(verb.summary);
      for (const option of Object.keys(verb.options)) expect(out).toContain(`--${option}`);
      expect(verb.examples.length).toBeGreaterThan(0);
      for (const example of verb.examples) expect(example).toContain(`${name} ${verb.name}`);
      expect(await run(program, 'help', verb.name)).toEqual({ code, out, err });
    },
  );

  it.each(programs)('of $name lists every verb', async (program) => {
    for (const argv of [['--help'], ['-h'], ['help']]) {
      const { code, out } = await run(program, ...argv);
      expect(code).toBe(0);
      for (const { name, summary } of program.verbs)
        expect(out).toMatch(new RegExp(`^ {2}${name}\\b.*${escape(summary)}`, 'm'));
    }
    expect(await run(program)).toMatchObject({ code: 64, out: expect.stringContaining('usage:') });
  });
});

describe('what was typed', () => {
  const [agent, qnctl] = programs as [Program, Program];

  it('wrongly is refused with the nearest verb', async () => {
    expect(await run(qnctl, 'wacth')).toEqual({
      code: 64,
      out: '',
      err: 'qnctl: no verb `wacth`; did you mean `watch`?\ntry: qnctl --help',
    });
    expect((await run(qnctl, 'xyzzyxyzzy')).err).toBe('qnctl: no verb `xyzzyxyzzy`\ntry: qnctl --help');
  });

  it.each([
    ['too few operands', ['query', 'pi-1']],
    ['too many operands', ['query', 'pi-1', 'a', 'b']],
    ['an unknown option', ['query', 'pi-1', 'a', '--bogus']],
    ['an option without its value', ['query', 'pi-1', 'a', '--timeout']],
  ])('with %s is a usage error that names the verb', async (_what, argv) => {
    const { code, out, err } = await run(qnctl, ...argv);
    expect([code, out]).toEqual([64, '']);
    expect(err).toMatch(/^qnctl query: .*\n?try: qnctl query --help$/s);
  });

  it('hands operands and options to the verb, and its exit code back', async () => {
    const seen: unknown[] = [];
    const verb: Verb = {
      ...checkVerb,
      operandCountMax: 2,
      async run(_context, operands, options) {
        seen.push(operands, { ...options });
        return 65;
      },
    };
    const { code } = await run({ ...agent, verbs: [verb] }, 'check', 'file', '--json', '--', '-5');
    expect([code, seen]).toEqual([65, [['file', '-5'], { json: true }]]);
  });

  it.each(['version', '--version'])('as %s prints program, protocol and Node', async (word) => {
    expect(await run(qnctl, word)).toEqual({
      code: 0,
      out: `qnctl ${agentVersion} (QN/1, node ${process.version})`,
      err: '',
    });
  });
});

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
