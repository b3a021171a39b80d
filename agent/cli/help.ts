/* A part: most calls are not for help. */
import type { Program } from './command-line.ts';
import { optionsOf } from './common-options.ts';
import { paint } from './paint.ts';
import { type CliContext, type ExitCode, exitMeanings, type Verb } from './verb.ts';

export function usageOf({ name, operands }: Verb): string {
  return operands === '' ? name : `${name} ${operands}`;
}

export function programHelp(context: CliContext, { name, summary }: Program, verbs: readonly Verb[]): string {
  return [
    summary,
    '',
    `usage: ${name} VERB …`,
    '',
    ...aligned(verbs.map((verb) => [usageOf(verb), verb.summary])),
    '',
    paint(context, 'strong', 'exit codes:'),
    ...exitRows(exitMeanings),
    '',
    `${name} VERB --help says more. Colours are left out with NO_COLOR=1.`,
  ].join('\n');
}

export function verbHelp(context: CliContext, { name }: Program, verb: Verb): string {
  const options = Object.entries(optionsOf(verb)).map(([option, { placeholder, help }]): Cells => {
    return [placeholder === undefined ? `--${option}` : `--${option} ${placeholder}`, help];
  });
  const heading = (text: string) => ['', paint(context, 'strong', text)];
  return [
    `${name} ${usageOf(verb)}`,
    '',
    verb.summary,
    ...heading('options:'),
    ...aligned(options, 24),
    ...heading('examples:'),
    ...verb.examples.map((example) => `  ${example}`),
    ...heading('exit codes:'),
    ...exitRows({ ...verb.exits, 64: exitMeanings[64] }),
  ].join('\n');
}

/** The table as data, for other programs. */
export function helpJson({ name, summary }: Program, verbs: readonly Verb[]): string {
  const rows = verbs.map((verb) => {
    const options = Object.entries(optionsOf(verb)).map(([option, { placeholder, help }]) => {
      return { name: option, ...(placeholder === undefined ? {} : { value: placeholder }), help };
    });
    const { operands, examples, exits } = verb;
    return { name: verb.name, operands, summary: verb.summary, options, examples, exits };
  });
  return JSON.stringify({ name, summary, verbs: rows });
}

type Cells = readonly [left: string, right: string];

function aligned(rows: readonly Cells[], widthMin = 0): readonly string[] {
  const width = Math.max(widthMin, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}

function exitRows(exits: { readonly [code in ExitCode]?: string }): readonly string[] {
  return aligned(Object.entries(exits).map(([code, meaning]) => [code.padStart(2), meaning]));
}
