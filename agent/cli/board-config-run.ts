import { stringify } from 'yaml';
import { ConfigKeeper } from '../config/generations/keeper.ts';
import { readOnlyFiles } from '../config/generations/read-only-files.ts';
import { valueOfRecord } from '../config/push/config-state.ts';
import { askControl } from './ask-control.ts';
import { formatRecord } from './config/records.ts';
import { configPathOf } from './config-option.ts';
import { tellAnswer } from './reload.ts';
import { stateFolderOf } from './state-folder.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues } from './verb.ts';

/** `show`, `history` or `rollback`. A part: it is loaded when it is asked for. */
export async function runBoardConfig(context: CliContext, action: string, options: OptionValues): Promise<ExitCode> {
  const path = configPathOf(context, options);
  if (action === 'rollback') {
    const wish = { do: 'rollback', isDryRun: isSet(options, 'dry-run') } as const;
    const asked = await askControl(context, options, path, wish);
    return asked.ok ? tellAnswer(context, asked.value, options) : asked.error;
  }
  const files = readOnlyFiles();
  await files.read(path); // It may name the state folder.
  const keeper = await ConfigKeeper.read(files, await stateFolderOf(context, path));
  if (keeper.active === undefined && files.denied.size > 0) {
    context.err(`what was pushed is not known: ${[...files.denied].join(' and ')} may not be read; use sudo`);
    return exitCodes.permission;
  }
  return action === 'show' ? show(context, keeper, options) : history(context, keeper, options);
}

function show(context: CliContext, { active }: ConfigKeeper, options: OptionValues): ExitCode {
  if (active === undefined) {
    context.err('this board took no config while running; it runs its config file');
    return exitCodes.failed;
  }
  if (isSet(options, 'json')) context.out(JSON.stringify(active));
  else
    context.out(
      `# version ${active.version}, ${active.origin} by ${active.author}\n${stringify(active.value).trimEnd()}`,
    );
  return exitCodes.ok;
}

function history(context: CliContext, keeper: ConfigKeeper, options: OptionValues): ExitCode {
  for (const record of keeper.history.map(valueOfRecord)) {
    context.out(isSet(options, 'json') ? JSON.stringify(record) : formatRecord(record));
  }
  return exitCodes.ok;
}
