import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../../drivers/contract/result.ts';
import { openGpioBackend } from '../../drivers/registry.ts';
import type { Config } from '../config/config.ts';
import { driveOutputs } from '../guard/drive-outputs.ts';
import { type OutputPlan, parsePlan, planOutputs } from '../guard/output-plan.ts';
import { replaceFile } from '../replace-file.ts';
import type { CliContext } from './verb.ts';

const stateFolderDefault = '/var/lib/qn-agent';

/**
 * Keeps what is to be driven when the next config cannot be used. It is the last good config that says so: of a file with
 * faults nobody knows which of its lines are right.
 */
export async function rememberOutputs(config: Config): Promise<void> {
  const file = fileIn(config.stateFolder);
  const text = `${JSON.stringify(planOutputs(config, 'config-error'))}\n`;
  if ((await readText(file)) !== text) await replaceFile(file, text); // One write per change of the config.
}

/** Brings the outputs into their config-error state. Lines that a running agent holds stay with it. */
export async function driveConfigErrorStates(context: CliContext, configPath: string): Promise<void> {
  const file = fileIn(await stateFolderOf(context, configPath));
  const plan = parsePlan((await readText(file)) ?? '');
  if (plan === undefined || plan.outputs.length === 0) return;
  for (const line of await drive(context, plan)) context.err(`config error: ${line}`);
}

async function drive({ clock }: CliContext, { gpio, outputs }: OutputPlan): Promise<readonly string[]> {
  const opened = await openGpioBackend(gpio);
  if (!opened.ok) return [describeError(opened.error)];
  const driven = await driveOutputs(opened.value, outputs, clock);
  await opened.value[Symbol.asyncDispose]();
  return driven.map(({ detail }) => detail);
}

/** Looked for in the text, because the file may be no YAML at all at the moment. */
export async function stateFolderOf({ env }: CliContext, configPath: string): Promise<string> {
  const text = (await readText(configPath)) ?? '';
  const [, written] = /^state-folder:[ \t]*["']?(\/[^"'#\r\n]*?)["']?[ \t]*(#.*)?$/m.exec(text) ?? [];
  return env['QN_STATE_FOLDER'] ?? written ?? stateFolderDefault;
}

function fileIn(stateFolder: string): string {
  return path.join(stateFolder, 'last-good-outputs.json');
}

async function readText(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch {
    return undefined; // Not there, or not for us: then there is nothing to go by.
  }
}
