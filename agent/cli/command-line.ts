import { parseArgs } from 'node:util';
import { messageOf } from '../../drivers/system-error.ts';
import { nearestName } from '../config/nearest.ts';
import { agentVersion, protocolVersion } from '../version.ts';
import { optionsOf } from './common-options.ts';
import { completionVerb } from './completion-verb.ts';
import { openProgress } from './progress.ts';
import { type CliContext, type ExitCode, exitCodes, fits, isSet, type Verb } from './verb.ts';

export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Verb[];
}

/** argv → verb → exit code. `show`: where progress is told; absent: nowhere. */
export async function runProgram(
  program: Program,
  argv: readonly string[],
  context: CliContext,
  show?: (line: string | undefined) => void,
): Promise<ExitCode> {
  const [name, ...rest] = argv;
  const verbs = verbsOf(program);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const { helpJson, programHelp, verbHelp } = await import('./help.ts');
    const verb = verbs.find((candidate) => name === 'help' && candidate.name === rest[0]);
    if (rest.includes('--json')) context.out(helpJson(program, verb === undefined ? verbs : [verb]));
    else context.out(verb === undefined ? programHelp(context, program, verbs) : verbHelp(context, program, verb));
    return name === undefined ? exitCodes.usage : exitCodes.ok;
  }
  const verb = verbs.find((candidate) => candidate.name === (name === '--version' ? 'version' : name));
  if (verb === undefined) return refuse(program, context, unknownVerb(name, verbs));
  return await runVerb(program, verb, rest, context, show);
}

/** Those of the table, and those of every program. */
export function verbsOf(program: Program): readonly Verb[] {
  return [...program.verbs, completionVerb(program.name, () => verbsOf(program)), versionVerb(program.name)];
}

async function runVerb(
  program: Program,
  verb: Verb,
  argv: readonly string[],
  plain: CliContext,
  show?: (line: string | undefined) => void,
): Promise<ExitCode> {
  const isJson = argv.includes('--json');
  const context = isJson ? { ...plain, err: (line: string) => plain.err(JSON.stringify({ message: line })) } : plain;
  const parsed = parse(verb, argv);
  if ('fault' in parsed) return refuse(program, context, parsed.fault, verb);
  const { values, positionals } = parsed;
  if (values['help'] === true) {
    const { helpJson, verbHelp } = await import('./help.ts');
    context.out(isJson ? helpJson(program, [verb]) : verbHelp(context, program, verb));
    return exitCodes.ok;
  }
  if (!fits(positionals.length, verb.operands, verb.operandCounts)) {
    return refuse(program, context, `expected ${verb.operands === '' ? 'no operands' : verb.operands}`, verb);
  }
  using progress = openProgress(context, verb, show);
  return await verb.run(progress.context, positionals, values);
}

function parse(verb: Verb, argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: optionsOf(verb), allowPositionals: true, strict: true });
  } catch (error) {
    return { fault: optionFault(messageOf(error), verb) }; // It throws on what the user typed.
  }
}

/** What parseArgs says, as this program says it. */
function optionFault(message: string, verb: Verb): string {
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
  if (unknown === undefined) return message;
  if (/^-[.\d]/.test(unknown))
    return 'what begins with - is taken for an option; write -- before it, behind all options';
  const closest = nearestName(unknown.replace(/^-+/, ''), Object.keys(optionsOf(verb)));
  return `no option ${unknown}${closest === undefined ? '' : `; did you mean --${closest}?`}`;
}

function refuse({ name }: Program, context: CliContext, fault: string, verb?: Verb): ExitCode {
  const place = verb === undefined ? name : `${name} ${verb.name}`;
  context.err(`${place}: ${fault}`);
  context.err(`try: ${place} --help`);
  return exitCodes.usage;
}

function unknownVerb(name: string, verbs: readonly Verb[]): string {
  const closest = nearestName(
    name,
    verbs.map((verb) => verb.name),
  );
  return `no verb \`${name}\`${closest === undefined ? '' : `; did you mean \`${closest}\`?`}`;
}

function versionVerb(program: string): Verb {
  return {
    name: 'version',
    operands: '',
    summary: 'Prints the version of the program, of the protocol and of Node.',
    options: {},
    examples: [`${program} version --json`],
    exits: { 0: 'always' },
    async run(context, _operands, options) {
      const versions = { program, version: agentVersion, protocol: protocolVersion, node: process.version };
      const text = `${program} ${agentVersion} (${protocolVersion}, node ${process.version})`;
      context.out(isSet(options, 'json') ? JSON.stringify(versions) : text);
      return exitCodes.ok;
    },
  };
}
