import { homedir } from 'node:os';
import path from 'node:path';
import { ok, type Result } from '../../drivers/contract/result.ts';
import type { Notify } from '../qn/message.ts';
import { isKeyName, readKeyFile, type SigningKey } from '../trust/key-file.ts';
import type { SignOptions } from '../trust/signer.ts';
import { type CliContext, type OptionHelp, type OptionValues, textOption } from './verb.ts';

/** Of every verb that can sign what it sends. */
export const keyOption: { readonly [name: string]: OptionHelp } = {
  key: { type: 'string', placeholder: 'FILE|NAME', help: 'signs it with this key (default $QN_KEY; see qnctl keys)' },
};

/** The message with a token, where a key was named; as it is where none was. Fails with what to tell the user. */
export async function signIfAsked(
  { env }: Pick<CliContext, 'env'>,
  options: OptionValues,
  message: Notify,
  how: SignOptions,
): Promise<Result<Notify, string>> {
  const key = await namedKey(env, options);
  if (!key.ok) return key;
  if (key.value === undefined) return ok(message);
  const { signNotify } = await import('../trust/signer.ts');
  return ok(await signNotify(message, key.value, how));
}

/** By its file, or by its name in the folder of `qnctl keys`; undefined: none is named. */
export async function namedKey(
  env: CliContext['env'],
  options: OptionValues,
): Promise<Result<SigningKey | undefined, string>> {
  const named = textOption(options, 'key') ?? env['QN_KEY'];
  if (named === undefined || named === '') return ok(undefined);
  const isName = isKeyName(named) && !named.endsWith('.key');
  return await readKeyFile(isName ? path.join(keyFolderOf(env, {}), `${named}.key`) : named);
}

export function keyFolderOf(env: CliContext['env'], options: OptionValues): string {
  const folder = textOption(options, 'folder') ?? (env['QN_KEYS'] || undefined);
  return folder ?? path.join(env['XDG_CONFIG_HOME'] || path.join(env['HOME'] || homedir(), '.config'), 'qn', 'keys');
}
