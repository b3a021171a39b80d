import { optionsOf } from './common-options.ts';
import type { Verb } from './verb.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** What may stand in a place: some words, a file, or something nobody can guess. */
type Guess = { readonly words: readonly string[] } | 'file' | 'unknown';

interface OptionRow {
  readonly name: string;
  readonly help: string;
  /** Absent: it takes no value. */
  readonly value?: Guess;
}

interface VerbRow {
  readonly name: string;
  readonly summary: string;
  readonly operand: Guess;
  readonly options: readonly OptionRow[];
}

/** The completion script of a program for a shell, made of its table of verbs. */
export function completionOf(shell: Shell, program: string, verbs: readonly Verb[]): string {
  const rows = [...verbs.map(rowOf), helpRow(verbs)];
  switch (shell) {
    case 'bash':
      return bash(program, rows);
    case 'zsh':
      return zsh(program, rows);
    case 'fish':
      return fish(program, rows);
  }
}

function rowOf(verb: Verb): VerbRow {
  const options = Object.entries(optionsOf(verb)).map(([name, { placeholder, help }]) => {
    return { name, help, ...(placeholder === undefined ? {} : { value: guess(placeholder) }) };
  });
  return { name: verb.name, summary: verb.summary, operand: guess(verb.operands), options };
}

function helpRow(verbs: readonly Verb[]): VerbRow {
  const words = verbs.map(({ name }) => name);
  return { name: 'help', summary: 'Says more about a verb.', operand: { words }, options: [] };
}

/** `json|cbor` are words, `FILE` is a file; everything else is for the user to know. */
function guess(placeholder: string): Guess {
  if (/^[a-z0-9-]+(\|[a-z0-9-]+)+$/.test(placeholder)) return { words: placeholder.split('|') };
  return /\bFILE\b/.test(placeholder) ? 'file' : 'unknown';
}

function bash(program: string, rows: readonly VerbRow[]): string {
  const name = `_${program.replaceAll('-', '_')}`;
  const answer = (value: Guess) => {
    if (value === 'unknown') return 'COMPREPLY=()';
    const source = value === 'file' ? '-f' : `-W '${value.words.join(' ')}'`;
    return `COMPREPLY=($(compgen ${source} -- "$current"))`;
  };
  const values = rows.flatMap((row) =>
    row.options.flatMap(({ name: option, value }) =>
      value === undefined ? [] : [`    '${row.name} --${option}') ${answer(value)}; return ;;`],
    ),
  );
  const operands = rows.flatMap(({ name: verb, operand }) =>
    operand === 'unknown' ? [] : [`    ${verb}) ${answer(operand)} ;;`],
  );
  const options = rows.map(({ name: verb, options: own }) => `      ${verb}) words='${flags(own).join(' ')}' ;;`);
  return `# ${program} completion for bash: source <(${program} completion bash)
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} verb=\${COMP_WORDS[1]} words=''
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${rows.map(({ name: verb }) => verb).join(' ')}' -- "$current"))
    return
  fi
  case "$verb $previous" in
${values.join('\n')}
  esac
  if [[ $current == -* ]]; then
    case $verb in
${options.join('\n')}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case $verb in
${operands.join('\n')}
  esac
}
complete -F ${name} ${program}`;
}

function flags(options: readonly OptionRow[]): readonly string[] {
  return options.map(({ name }) => `--${name}`);
}

function zsh(program: string, rows: readonly VerbRow[]): string {
  const action = (value: Guess) => {
    if (value === 'unknown') return ' ';
    return value === 'file' ? '_files' : `(${value.words.join(' ')})`;
  };
  const verbs = rows.map(({ name, summary }) => `    ${quote(`${name.replaceAll(':', '\\:')}:${summary}`)}`);
  const cases = rows.map(({ name, operand, options }) => {
    const specs = options.map(({ name: option, help, value }) => {
      const tail = value === undefined ? '' : `:${option}:${action(value)}`;
      return quote(`--${option}[${help.replaceAll(/[[\]:]/g, '\\$&')}]${tail}`);
    });
    return `    ${name}) _arguments ${[...specs, quote(`*:operand:${action(operand)}`)].join(' ')} ;;`;
  });
  return `#compdef ${program}
# ${program} completion for zsh: put it into a folder of $fpath as _${program}
local -a verbs
if ((CURRENT == 2)); then
  verbs=(
${verbs.join('\n')}
  )
  _describe 'verb' verbs
else
  local verb=$words[2]
  shift words
  ((CURRENT--))
  case $verb in
${cases.join('\n')}
  esac
fi`;
}

function fish(program: string, rows: readonly VerbRow[]): string {
  const lines = rows.flatMap(({ name, summary, operand, options }) => {
    const on = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...fishOperand(program, on, operand),
      ...options.map(({ name: option, help, value }) => {
        return `complete -c ${program} ${on} -l ${option}${fishValue(value)} -d ${quote(help)}`;
      }),
    ];
  });
  return [`# ${program} completion for fish`, `complete -c ${program} -f`, ...lines].join('\n');
}

function fishOperand(program: string, on: string, operand: Guess): readonly string[] {
  if (operand === 'unknown') return [];
  return [`complete -c ${program} ${on} ${operand === 'file' ? '-F' : `-a ${quote(operand.words.join(' '))}`}`];
}

function fishValue(value: Guess | undefined): string {
  if (value === undefined) return '';
  if (value === 'unknown') return ' -x';
  return value === 'file' ? ' -r -F' : ` -x -a ${quote(value.words.join(' '))}`;
}

/** For all three shells: nothing is special inside, and a single quote ends, is escaped, and begins again. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
