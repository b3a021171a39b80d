import { parseArgs } from 'node:util';
import { nearestName } from '../config/nearest.ts';
import { agentVersion, protocolVersion } from '../version.ts';
import { type CliContext, type ExitCode, exitCodes, type Verb } from './verb.ts';

export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly verbs: readonly Verb[];
}

const helpOption = { help: { type: 'boolean', short: 'h' } } as const;

/** argv → verb → exit code. */
export async function runProgram(program: Program, argv: readonly string[], context: CliContext): Promise<ExitCode> {
  const [name, ...rest] = argv;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const verb = program.verbs.find((candidate) => name === 'help' && candidate.name === rest[0]);
    context.out(verb === undefined ? programHelp(program) : verbHelp(program, verb));
    return name === undefined ? exitCodes.usage : exitCodes.ok;
  }
  if (name === 'version' || name === '--version') {
    context.out(`${program.name} ${agentVersion} (${protocolVersion}, node ${process.version})`);
    return exitCodes.ok;
  }
  const verb = program.verbs.find((candidate) => candidate.name === name);
  if (verb === undefined) return refuse(program, context, unknownVerb(program, name));
  return await runVerb(program, verb, rest, context);
}

async function runVerb(program: Program, verb: Verb, argv: readonly string[], context: CliContext): Promise<ExitCode> {
  const parsed = parse(verb, argv);
  if ('fault' in parsed) return refuse(program, context, parsed.fault, verb);
  const { values, positionals } = parsed;
  if (values['help'] === true) {
    context.out(verbHelp(program, verb));
    return exitCodes.ok;
  }
  if (positionals.length < verb.operandCountMin || positionals.length > verb.operandCountMax) {
    return refuse(program, context, `expected ${verb.operands === '' ? 'no operands' : verb.operands}`, verb);
  }
  return await verb.run(context, positionals, values);
}

function parse(verb: Verb, argv: readonly string[]) {
  const options = { ...verb.options, ...helpOption };
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }; // parseArgs throws on what the user typed.
  }
}

function refuse({ name }: Program, context: CliContext, fault: string, verb?: Verb): ExitCode {
  const place = verb === undefined ? name : `${name} ${verb.name}`;
  context.err(`${place}: ${fault}`);
  context.err(`try: ${place} --help`);
  return exitCodes.usage;
}

function unknownVerb(program: Program, name: string): string {
  const closest = nearestName(
    name,
    program.verbs.map((verb) => verb.name),
  );
  return `no verb \`${name}\`${closest === undefined ? '' : `; did you mean \`${closest}\`?`}`;
}

function programHelp({ name, summary, verbs }: Program): string {
  const width = Math.max(...verbs.map((verb) => usage(verb).length));
  const rows = verbs.map((verb) => `  ${usage(verb).padEnd(width)}  ${verb.summary}`);
  return [summary, '', `usage: ${name} VERB …`, '', ...rows, '', `${name} VERB --help says more.`].join('\n');
}

function verbHelp({ name }: Program, verb: Verb): string {
  const options = Object.entries(verb.options).map(([option, { placeholder, help }]) => {
    const left = placeholder === undefined ? `--${option}` : `--${option} ${placeholder}`;
    return `  ${left.padEnd(24)}  ${help}`;
  });
  const examples = verb.examples.map((example) => `  ${example}`);
  return [
    `${name} ${usage(verb)}`,
    '',
    verb.summary,
    ...(options.length === 0 ? [] : ['', 'options:', ...options]),
    ...(examples.length === 0 ? [] : ['', 'examples:', ...examples]),
  ].join('\n');
}

function usage(verb: Verb): string {
  return verb.operands === '' ? verb.name : `${verb.name} ${verb.operands}`;
}
