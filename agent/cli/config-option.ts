import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { formatFault } from '../config/fault.ts';
import { type ConfigTrouble, type LoadedConfig, loadConfig } from '../config/load.ts';
import {
  type CliContext,
  type ExitCode,
  exitCodes,
  isSet,
  type OptionHelp,
  type OptionValues,
  textOption,
} from './verb.ts';

export const configPathDefault = '/etc/qn-agent/config.yaml';

export const configOption: { readonly [name: string]: OptionHelp } = {
  config: { type: 'string', placeholder: 'FILE', help: `configuration (default $QN_CONFIG or ${configPathDefault})` },
};

const codesByKind = { missing: exitCodes.config, unreadable: exitCodes.permission, invalid: exitCodes.config } as const;

export function configPathOf({ env }: CliContext, options: OptionValues): string {
  return textOption(options, 'config') ?? env['QN_CONFIG'] ?? configPathDefault;
}

/** Variables that may override the config: not the one that names its file. */
export function overridesOf({ env: { QN_CONFIG: _, ...overrides } }: Pick<CliContext, 'env'>): CliContext['env'] {
  return overrides;
}

/** Loads the configuration a verb was given; every fault is told to the user here. */
export async function loadForCli(context: CliContext, options: OptionValues): Promise<Result<LoadedConfig, ExitCode>> {
  const path = configPathOf(context, options);
  const loaded = await loadConfig({ path, env: overridesOf(context) });
  if (loaded.ok) {
    for (const warning of loaded.value.warnings) context.err(`warning: ${formatFault(warning)}`);
    return ok(loaded.value);
  }
  return fail(tellTrouble(context, loaded.error, options));
}

const missingFix =
  'name another one with --config FILE; a beginning is the example.yaml beside the program, in the Debian package ' +
  '/usr/share/doc/qn-agent/examples/config.yaml';

/** Every fault, and the code to end with. */
export function tellTrouble(context: CliContext, { kind, faults }: ConfigTrouble, options: OptionValues): ExitCode {
  if (isSet(options, 'json')) context.out(JSON.stringify(faults));
  else for (const fault of faults) context.err(formatFault(fault));
  if (kind === 'missing') context.err(missingFix);
  return codesByKind[kind];
}

/** The hash of what the files of the configuration say now, or the first thing that is wrong with them. */
export async function hashNow(context: CliContext, options: OptionValues): Promise<Result<string, string>> {
  const loaded = await loadConfig({ path: configPathOf(context, options), env: overridesOf(context) });
  if (loaded.ok) return ok(loaded.value.checked.hash);
  const [first] = loaded.error.faults;
  return fail(first === undefined ? 'the configuration cannot be read' : formatFault(first));
}
