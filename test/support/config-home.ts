import { checkValueSteps } from '../../agent/config/check-value.ts';
import { formatFault } from '../../agent/config/fault.ts';
import { type FileSystem, realFiles } from '../../agent/config/generations/file-system.ts';
import { contentOf, type Generation } from '../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../agent/config/generations/keeper.ts';
import type { Candidate, ConfigHome } from '../../agent/config/home.ts';
import { parseYaml } from '../../agent/config/parse-yaml.ts';
import { toPlain } from '../../agent/config/tree.ts';
import type { Value } from '../../agent/qn/message.ts';
import { inTurns } from '../../agent/steps.ts';
import { fail } from '../../drivers/contract/result.ts';

export interface HomeOptions {
  /** YAML, as in the config file of the board. */
  readonly text: string;
  readonly stateFolder: string;
  readonly files?: FileSystem;
}

/** The configs of a board as `qn-agent run` has them: what was taken last in an earlier life, or its config file. */
export async function openHome({
  text,
  stateFolder,
  files = realFiles,
}: HomeOptions): Promise<ConfigHome & { readonly candidate: Candidate }> {
  const keeper = await ConfigKeeper.open(files, stateFolder);
  const written = plainOf(text);
  const content = contentOf(written);
  const first: Generation = {
    version: 0,
    vc: {},
    origin: 'file',
    author: 'file',
    atMs: 0,
    value: written,
    file: content,
  };
  const generation = keeper.active ?? first;
  const check: ConfigHome['check'] = (value) => inTurns(checkValueSteps(value, {}));
  const checked = await check(generation.value);
  if (!checked.ok) throw new Error(checked.error.map(formatFault).join('\n'));
  return {
    keeper,
    generation,
    troubles: [],
    check,
    load: async (file) =>
      file === undefined ? check(written) : fail([{ file, pointer: '', message: 'no such file' }]),
    candidate: checked.value,
  };
}

export function plainOf(text: string): Value {
  const parsed = parseYaml(text, 'config.yaml');
  const tree = parsed.ok ? parsed.value : undefined;
  return tree === undefined || tree === null ? {} : toPlain(tree);
}
