import { parseArgs } from 'node:util';
import { messageOf } from '../drivers/system-error.ts';

/** As `parseArgs` takes it, and what people have to know of it. */
interface ScriptOption {
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  readonly default?: string | boolean;
  /** What stands behind it, as `CPU`. */
  readonly value?: string;
  readonly help: string;
  readonly isNumber?: true;
  /** Absent: any. */
  readonly names?: ScriptNames;
}

/** What may be written, and what that is, in a line each. */
type ScriptNames = { readonly [name: string]: string };
type ScriptOptions = { readonly [name: string]: ScriptOption };

/** A script for developers: how it is called, and the text of its `--help`. */
interface Script<Options extends ScriptOptions> {
  /** As it is typed. */
  readonly command: string;
  readonly summary: string;
  readonly options: Options;
  /** What may be typed besides; absent: nothing. `NAME=…` counts as its name. */
  readonly operands?: { readonly value: string; readonly names?: ScriptNames };
}

/** What most options of the proofs are. */
export const number = { type: 'string', value: 'NUMBER', isNumber: true } as const;

const usageCode = 64; // As of the programs: sysexits.h.

/** The first thing a script does. The process ends here when it was asked for help, or called wrongly. */
export function readOptions<const Options extends ScriptOptions>(
  script: Script<Options>,
  args: readonly string[] = process.argv.slice(2),
) {
  tellHelp(script, args);
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: script.options });
    const fault = faultOf(script, values, positionals);
    return fault === undefined ? { values, operands: positionals } : refuse(script, fault);
  } catch (error) {
    const [sentence = ''] = messageOf(error).split(/[.]\s/);
    return refuse(
      script,
      sentence.replace(/^./, (first) => first.toLowerCase()),
    );
  }
}

/** For a script that hands on what it does not know itself. */
export function tellHelp(script: Script<ScriptOptions>, args: readonly string[] = process.argv.slice(2)): void {
  if (!args.includes('--help')) return;
  console.log(usageOf(script));
  process.exit(0);
}

function refuse(script: Script<ScriptOptions>, fault: string): never {
  console.error(`${script.command}: ${fault}\n\n${usageOf(script)}`);
  process.exit(usageCode);
}

function faultOf(
  { options, operands }: Script<ScriptOptions>,
  values: { readonly [name: string]: unknown },
  typed: readonly string[],
): string | undefined {
  const ofOptions = Object.entries(values).flatMap(([name, value]) => {
    const texts = [value].flat().filter((text) => typeof text === 'string');
    return texts.flatMap((text) => faultOfText(text, options[name] ?? {}).map((fault) => `--${name}: ${fault}`));
  });
  const ofOperands = typed.flatMap((text) => {
    if (operands === undefined) return [`unexpected ${text}`];
    return faultOfText(text.split('=', 1)[0] ?? '', operands);
  });
  return [...ofOptions, ...ofOperands][0];
}

function faultOfText(text: string, { names, isNumber }: Pick<ScriptOption, 'names' | 'isNumber'>): readonly string[] {
  if (isNumber && !/^\d+([.]\d+)?$/.test(text)) return [`not a number: ${text}`];
  if (names === undefined || Object.hasOwn(names, text)) return [];
  return [`no ${text}; there are: ${Object.keys(names).join(', ')}`];
}

function usageOf({ command, summary, options, operands }: Script<ScriptOptions>): string {
  const typed = [
    ...(Object.keys(options).length > 0 ? ['[OPTION…]'] : []),
    ...(operands ? [`[${operands.value}…]`] : []),
  ];
  const rows = Object.entries(options).flatMap(([name, { value, help, default: usual, names = {} }]): Row[] => [
    [
      `--${name}${value === undefined ? '' : ` ${value}`}`,
      `${help}${usual === undefined ? '' : ` (default ${usual})`}`,
    ],
    ...Object.entries(names).map(([one, what]): Row => [`  ${one}`, what]),
  ]);
  const names = Object.entries(operands?.names ?? {});
  return [
    `usage: ${[command, ...(typed.length > 0 ? ['--', ...typed] : [])].join(' ')}`,
    '',
    summary,
    ...(names.length > 0 ? ['', ...align(names)] : []),
    '',
    ...align([...rows, ['--help', 'this text']]),
  ].join('\n');
}

type Row = readonly [string, string];

function align(rows: readonly Row[]): readonly string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
