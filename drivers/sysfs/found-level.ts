import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Level } from '../contract/digital.ts';
import type { SysfsLine } from './export.ts';

/**
 * The electrical level of an exported line, whichever its direction is. Whoever had it before may have inverted it
 * (active_low), and then `value` is the inverse. Throws what the system said.
 */
export async function readFoundLevel(root: string, { number }: SysfsLine): Promise<Level> {
  const read = async (name: string) => (await readFile(join(root, `gpio${number}`, name), 'latin1')).trim();
  const [value, activeLow] = await Promise.all([read('value'), read('active_low')]);
  return (value === '1') === (activeLow === '1') ? 0 : 1;
}
