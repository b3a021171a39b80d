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
  readonly first: Guess;
  /** Behind the first operand. */
  readonly rest: Guess;
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
  return { name: verb.name, summary: verb.summary, ...guessOperands(verb.operands), options };
}

function helpRow(verbs: readonly Verb[]): VerbRow {
  const words = verbs.map(({ name }) => name);
  return { name: 'help', summary: 'Says more about a verb.', first: { words }, rest: 'unknown', options: [] };
}

/** `push|plan NODE [FILE]`, or `new NAME | list`: several actions, and what some of them take. */
function guessOperands(operands: string): Pick<VerbRow, 'first' | 'rest'> {
  const [head = '', ...tail] = operands.includes(' | ') ? actionsIn(operands) : operands.split(' ');
  const rest = tail.some((operand) => guess(operand) === 'file') ? 'file' : 'unknown';
  return { first: guess(head), rest };
}

function actionsIn(operands: string): readonly string[] {
  const actions = operands.split(' | ').map((action) => action.split(' '));
  return [actions.map(([name]) => name).join('|'), ...actions.flatMap(([, ...tail]) => tail)];
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
  const operands = rows.flatMap(({ name: verb, first, rest }) => [
    ...(first === 'unknown' ? [] : [`    '${verb} 2') ${answer(first)} ;;`]),
    ...(rest === 'unknown' ? [] : [`    '${verb} '*) ${answer(rest)} ;;`]),
  ]);
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
  case "$verb $COMP_CWORD" in
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
  const cases = rows.map(({ name, first, rest, options }) => {
    const specs = options.map(({ name: option, help, value }) => {
      const tail = value === undefined ? '' : `:${option}:${action(value)}`;
      return quote(`--${option}[${help.replaceAll(/[[\]:]/g, '\\$&')}]${tail}`);
    });
    return `    ${name}) _arguments ${[...specs, quote(`1:operand:${action(first)}`), quote(`*:operand:${action(rest)}`)].join(' ')} ;;`;
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
  const lines = rows.flatMap(({ name, summary, first, rest, options }) => {
    const on = `-n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
      ...fishOperands(program, name, { first, rest }),
      ...options.map(({ name: option, help, value }) => {
        return `complete -c ${program} ${on} -l ${option}${fishValue(value)} -d ${quote(help)}`;
      }),
    ];
  });
  return [`# ${program} completion for fish`, `complete -c ${program} -f`, ...lines].join('\n');
}

function fishOperands(
  program: string,
  verb: string,
  { first, rest }: Pick<VerbRow, 'first' | 'rest'>,
): readonly string[] {
  const place = (guessed: Guess, when: string) => {
    if (guessed === 'unknown') return [];
    const what = guessed === 'file' ? '-F' : `-a ${quote(guessed.words.join(' '))}`;
    return [`complete -c ${program} -n '__fish_seen_subcommand_from ${verb}; and ${when}' ${what}`];
  };
  const count = 'test (count (commandline -opc))';
  return [...place(first, `${count} -eq 2`), ...place(rest, `${count} -gt 2`)];
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
