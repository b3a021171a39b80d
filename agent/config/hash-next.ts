import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { formatFault } from './fault.ts';
import { contentOf, type Generation } from './generations/generation.ts';
import type { ConfigHome } from './home.ts';

/** Of the config that a restart would run: the config file, where that was changed since the one in use was taken. */
export async function hashNext(
  { load }: Pick<ConfigHome, 'load'>,
  { file: known }: Pick<Generation, 'file'>,
  hash: string,
): Promise<Result<string, string>> {
  const file = await load();
  if (!file.ok) return fail(file.error.map(formatFault)[0] ?? '');
  return ok(contentOf(file.value.value) === known ? hash : file.value.checked.hash);
}
