import { nearestName } from '../config/nearest.ts';
import { type CliContext, type ExitCode, exitCodes, fits, type OptionValues } from './verb.ts';

/** What a verb with several actions can do, one row each: `qnctl mcu reset …`. */
export interface Action {
  readonly name: string;
  /** Behind the name: `NODE [MCU]`; in brackets what may be left out. */
  readonly operands: string;
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
  if (!fits(operands.length, action.operands)) {
    context.err(`qnctl ${verb} ${name}: expected ${action.operands === '' ? 'nothing more' : action.operands}`);
    return exitCodes.usage;
  }
  return await action.run(context, operands, options);
}
