import { readFileSync } from 'node:fs';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { checkValue, checkValueSteps } from '../config/check-value.ts';
import { formatFault } from '../config/fault.ts';
import { type BootConfig, bootConfig } from '../config/generations/boot-config.ts';
import { type FileSystem, realFiles } from '../config/generations/file-system.ts';
import { ConfigKeeper } from '../config/generations/keeper.ts';
import type { ConfigHome } from '../config/home.ts';
import { bootProvenMs } from '../config/limits.ts';
import { loadConfig } from '../config/load.ts';
import { readAtOnce } from '../config/reader.ts';
import type { Log } from '../log.ts';
import { inTurns } from '../steps.ts';
import { configPathOf, overridesOf, tellTrouble } from './config-option.ts';
import { stateFolderOf } from './state-folder.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionValues } from './verb.ts';

export interface ChosenConfig {
  readonly boot: BootConfig;
  readonly home: ConfigHome;
  readonly loaded: PickedConfig['loaded'];
}

interface FoundConfig {
  /** What the config file says. */
  readonly loaded: Awaited<ReturnType<typeof loadConfig>>;
  readonly stateFolder: string;
}

interface PickedConfig {
  readonly loaded: FoundConfig['loaded'];
  readonly keeper: ConfigKeeper;
  /** Undefined: there is none to start with. */
  readonly booted: BootConfig | undefined;
}

/** Picks the config as the agent does, which counts as a boot. With read-only files it tells what the agent would pick. */
export async function pickConfig(
  context: Pick<CliContext, 'clock' | 'env'>,
  path: string,
  files: FileSystem,
): Promise<PickedConfig> {
  return await pickFrom(await findConfig(context, path), context, path, files);
}

async function findConfig(context: Pick<CliContext, 'env'>, path: string): Promise<FoundConfig> {
  const loaded = await loadConfig({ path, env: overridesOf(context), reader: readAtOnce });
  const stateFolder = loaded.ok ? loaded.value.checked.config.stateFolder : await stateFolderOf(context, path);
  return { loaded, stateFolder };
}

async function pickFrom(
  { loaded, stateFolder }: FoundConfig,
  context: Pick<CliContext, 'clock' | 'env'>,
  path: string,
  files: FileSystem,
): Promise<PickedConfig> {
  const env = overridesOf(context);
  const keeper = await ConfigKeeper.open(files, stateFolder);
  const booted = await bootConfig(
    {
      keeper,
      kernelBoot: kernelBootId(),
      path,
      clock: context.clock,
      check(value) {
        const checked = checkValue(value, env);
        return checked.ok ? ok(checked.value.checked) : checked;
      },
    },
    loaded,
  );
  return { loaded, keeper, booted };
}

/**
 * The config to start with: of those that this board keeps, or its config file. Faults are told to the user here. What keeps
 * the agent from starting on a state folder, `refusal` says before a boot is counted there.
 */
export async function chooseConfig(
  context: CliContext,
  options: OptionValues,
  files = realFiles,
  refusal: (stateFolder: string) => Promise<string | undefined> = async () => undefined,
): Promise<Result<ChosenConfig, ExitCode>> {
  const env = overridesOf(context);
  const path = configPathOf(context, options);
  const found = await findConfig(context, path);
  const refused = await refusal(found.stateFolder);
  if (refused !== undefined) {
    context.err(refused);
    return fail(exitCodes.unavailable);
  }
  const { loaded, keeper, booted } = await pickFrom(found, context, path, files);
  if (booted === undefined) return fail(loaded.ok ? exitCodes.bug : tellTrouble(context, loaded.error, options));
  if (loaded.ok) for (const warning of loaded.value.warnings) context.err(`warning: ${formatFault(warning)}`);
  else tellTrouble(context, loaded.error, {});
  const home: ConfigHome = {
    keeper,
    generation: booted.generation,
    troubles: [...booted.troubles, ...(keeper.trouble === undefined ? [] : [keeper.trouble])],
    check: (value) => inTurns(checkValueSteps(value, env)),
    async load(file = path) {
      const read = await loadConfig({ path: file, env });
      if (!read.ok) return fail(read.error.faults);
      const { checked, written } = read.value;
      return ok({ value: written, checked });
    },
  };
  return ok({ boot: booted, home, loaded });
}

interface Counted {
  readonly boot: Pick<BootConfig, 'from'>;
  readonly home: Pick<ConfigHome, 'keeper'>;
}

/**
 * Watches over the boots that are counted (see generations/boots.ts): a config that ran for a while, since the start or
 * since it was taken, is proven. Disposal means an end in good order, which is no failed boot.
 */
export function countBoot(
  { clock }: Pick<CliContext, 'clock'>,
  log: Log,
  { boot, home: { keeper } }: Counted,
): AsyncDisposable {
  let isOpen = boot.from !== 'safe' && (keeper.active !== undefined || keeper.previous !== undefined);
  const keep = async (boots: Partial<ConfigKeeper['boots']>) => {
    isOpen = false;
    try {
      await keeper.keepBoots({ ...keeper.boots, ...boots });
    } catch (err) {
      log.warn({ err }, 'boots cannot be counted');
    }
  };
  const prove = (content: string) => clock.after(bootProvenMs, () => void keep({ content, count: 0, isProven: true }));
  let timer = isOpen ? prove(keeper.boots.content) : undefined;
  keeper.onCommit((content) => {
    timer?.[Symbol.dispose]();
    timer = prove(content);
  });
  return {
    async [Symbol.asyncDispose]() {
      timer?.[Symbol.dispose]();
      if (isOpen) await keep({ count: Math.max(0, keeper.boots.count - 1) });
    },
  };
}

/** Another one means that the board itself was started. Empty where the kernel has none to tell. */
function kernelBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // Then every boot counts as one of the agent.
  }
}
