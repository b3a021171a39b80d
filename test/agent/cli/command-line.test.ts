import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { checkVerb } from '../../../agent/cli/check.ts';
import { type Program, runProgram, verbsOf } from '../../../agent/cli/command-line.ts';
import { agentProgram, qnctlProgram } from '../../../agent/cli/programs.ts';
import { exitMeanings, type Verb } from '../../../agent/cli/verb.ts';
import { agentVersion } from '../../../agent/version.ts';
import { recordContext } from './context.ts';

const programs = [agentProgram, qnctlProgram] as const;
const rows = programs.flatMap((program) =>
  verbsOf(program).map((verb) => [program.name, verb.name, program, verb] as const),
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
      expect(Object.keys(verb.exits)).toContain('0');
      for (const [exit, meaning] of Object.entries(verb.exits)) expect(out).toMatch(exitRow(exit, meaning));
      expect(out).toMatch(exitRow('64', exitMeanings[64]));
      expect(await run(program, 'help', verb.name)).toEqual({ code, out, err });
    },
  );

  it.each(programs)('of $name lists every verb', async (program) => {
    for (const argv of [['--help'], ['-h'], ['help']]) {
      const { code, out } = await run(program, ...argv);
      expect(code).toBe(0);
      for (const { name, summary } of verbsOf(program))
        expect(out).toMatch(new RegExp(`^ {2}${name}\\b.*${escape(summary)}`, 'm'));
      for (const [exit, meaning] of Object.entries(exitMeanings)) expect(out).toMatch(exitRow(exit, meaning));
    }
    expect(await run(program)).toMatchObject({ code: 64, out: expect.stringContaining('usage:') });
  });
});

describe('--json', () => {
  it.each(rows)('is taken by %s %s, and its help is a table then', async (name, verbName, program, verb) => {
    const { code, out } = await run(program, verbName, '--help', '--json');
    const options = expect.arrayContaining([expect.objectContaining({ name: 'json' })]);
    const row = { name: verbName, operands: verb.operands, options, exits: verb.exits };
    expect([code, JSON.parse(out)]).toMatchObject([0, { name, verbs: [row] }]);
  });

  it.each(programs)('with help of $name is the table of all verbs', async (program) => {
    const { out } = await run(program, 'help', '--json');
    expect(JSON.parse(out).verbs.map((verb: Verb) => verb.name)).toEqual(verbsOf(program).map(({ name }) => name));
  });

  it('makes what goes wrong JSON too, a line each', async () => {
    const { code, err } = await run(qnctlProgram, 'query', 'pi-1', '--json');
    expect([code, err.split('\n').map((line) => JSON.parse(line))]).toEqual([
      64,
      [{ message: 'qnctl query: expected NODE DOCUMENT' }, { message: 'try: qnctl query --help' }],
    ]);
  });

  it('makes the version data', async () => {
    const { out } = await run(qnctlProgram, 'version', '--json');
    const versions = { program: 'qnctl', version: agentVersion, protocol: 'QN/1', node: process.version };
    expect(JSON.parse(out)).toEqual(versions);
  });
});

describe('colour', () => {
  it('is only where a person looks, and takes no words away', async () => {
    const context = { ...recordContext(), isColourful: true };
    await runProgram(qnctlProgram, ['query', '--help'], context);
    const painted = context.outLines.join('\n');
    expect(painted).toContain('\u001b[');
    expect(stripVTControlCharacters(painted)).toBe((await run(qnctlProgram, 'query', '--help')).out);
  });
});

describe('what was typed', () => {
  const [agent, qnctl] = programs;

  it('wrongly is refused with the nearest verb', async () => {
    expect(await run(qnctl, 'wacth')).toEqual({
      code: 64,
      out: '',
      err: 'qnctl: no verb `wacth`; did you mean `watch`?\ntry: qnctl --help',
    });
    expect((await run(qnctl, 'xyzzyxyzzy')).err).toBe('qnctl: no verb `xyzzyxyzzy`\ntry: qnctl --help');
  });

  it.each([
    [['health', '--utl', 'x'], 'qnctl health: no option --utl; did you mean --url?'],
    [['health', '--xyzzy'], 'qnctl health: no option --xyzzy'],
    [['health', '-x'], 'qnctl health: no option -x'],
    [['health', '--url'], "qnctl health: Option '--url <value>' argument missing"],
    [['notify', 'pi-1', 'pump', '-5'], 'qnctl notify: what begins with - is taken for an option; write -- before it'],
    [['notify', 'pi-1', 'pump', '-.5'], 'qnctl notify: what begins with - is taken for an option; write -- before it'],
  ])('as an option it does not have: %j', async (words, err) => {
    expect(await run(qnctl, ...words)).toMatchObject({ code: 64, err: expect.stringContaining(err) });
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
      operands: '[FILE] [OTHER]',
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

function exitRow(code: string, meaning: string): RegExp {
  return new RegExp(`^ +${code} {2}${escape(meaning)}$`, 'm');
}

function escape(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
