import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../config/config.ts';
import { replaceFile } from '../replace-file.ts';
import { planOutputs } from './output-plan.ts';

/**
 * Keeps what is to be driven when the next config cannot be used. It is the last good config that says so: of a file with
 * faults nobody knows which of its lines are right.
 */
export async function rememberOutputs(config: Config): Promise<void> {
  const file = lastGoodFile(config.stateFolder);
  const text = `${JSON.stringify(planOutputs(config, 'config-error'))}\n`;
  if ((await readLastGood(config.stateFolder)) !== text) await replaceFile(file, text); // One write per change of the config.
}

/** The text of the plan; undefined: not there, or not for us, and then there is nothing to go by. */
export async function readLastGood(stateFolder: string): Promise<string | undefined> {
  try {
    return await readFile(lastGoodFile(stateFolder), 'utf8');
  } catch {
    return undefined;
  }
}

function lastGoodFile(stateFolder: string): string {
  return path.join(stateFolder, 'last-good-outputs.json');
}
