import { nearestName } from '../config/nearest.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionValues } from './verb.ts';

/** What a verb with several actions can do, one row each: `qnctl mcu reset …`. */
export interface Action {
  readonly name: string;
  /** Behind the name: `NODE [MCU]`. */
  readonly operands: string;
  readonly operandCountMin: number;
  readonly operandCountMax: number;
  run(context: CliContext, operands: readonly string[], options: OptionValues): Promise<ExitCode>;
}

/** The first operand says which; the rest is its own. */
export async function runAction(
  verb: string,
  actions: readonly Action[],
  context: CliContext,
  [name = '', ...operands]: readonly string[],
  options: OptionValues,
): Promise<ExitCode> {
  const action = actions.find((candidate) => candidate.name === name);
  if (action === undefined) {
    const names = actions.map((candidate) => candidate.name);
    const nearest = nearestName(name, names);
    context.err(
      `qnctl ${verb}: no action ${name}; ${nearest === undefined ? names.join(', ') : `did you mean ${nearest}?`}`,
    );
    return exitCodes.usage;
  }
  if (operands.length < action.operandCountMin || operands.length > action.operandCountMax) {
    context.err(`qnctl ${verb} ${name}: expected ${action.operands === '' ? 'nothing more' : action.operands}`);
    return exitCodes.usage;
  }
  return await action.run(context, operands, options);
}
