import { stat } from 'node:fs/promises';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { messageOf } from '../../drivers/system-error.ts';

/** The types of Node.js leave initgroups out. */
const system: Pick<NodeJS.Process, 'getuid' | 'setgid' | 'setuid'> & {
  initgroups?(uid: number, extraGid: number): void;
} = process;

/**
 * Drops root for good and becomes the owner of the folder, with all groups of that user: the agent could not write files
 * that root made there. Does nothing for any other user, and where there is no folder yet.
 */
export async function becomeOwnerOf(folder: string): Promise<Result<void, string>> {
  const found = await stat(folder).catch(() => undefined);
  if (found === undefined || system.getuid?.() !== 0 || found.uid === 0) return ok();
  const { uid, gid } = found;
  try {
    system.initgroups?.(uid, gid);
    system.setgid?.(gid);
    system.setuid?.(uid);
    return ok();
  } catch (cause) {
    const detail = messageOf(cause);
    return fail(`${folder} belongs to user ${uid} of group ${gid}, and root cannot become that user: ${detail}`);
  }
}
