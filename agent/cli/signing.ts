import { homedir } from 'node:os';
import path from 'node:path';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { Notify } from '../qn/message.ts';
import { isKeyName, readKeyFile } from '../trust/key-file.ts';
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
  const named = textOption(options, 'key') ?? env['QN_KEY'];
  if (named === undefined || named === '') return ok(message);
  const isName = isKeyName(named) && !named.endsWith('.key');
  const key = await readKeyFile(isName ? path.join(keyFolderOf(env, {}), `${named}.key`) : named);
  if (!key.ok) return fail(key.error);
  const { signNotify } = await import('../trust/signer.ts');
  return ok(await signNotify(message, key.value, how));
}

export function keyFolderOf(env: CliContext['env'], options: OptionValues): string {
  const folder = textOption(options, 'folder') ?? env['QN_KEYS'];
  return folder ?? path.join(env['XDG_CONFIG_HOME'] ?? path.join(env['HOME'] ?? homedir(), '.config'), 'qn', 'keys');
}
