import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { distFolder } from './agent-process.ts';

export const nobodyUid = 65_534;

/** Why a process of a user without rights cannot be made here; undefined when it can. */
export const nobodyMissing: string | undefined =
  process.getuid?.() === 0 ? undefined : 'only root can begin a process of another user';

/** The agent, in the eyes of a user who is in no group. */
export function runAsNobody(args: readonly string[]) {
  return runFromCopy(args, { uid: nobodyUid, gid: nobodyUid });
}

/** From a copy: the folder of the project may be closed to others. */
export function runFromCopy(args: readonly string[], user: { readonly uid?: number; readonly gid?: number } = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'nobody-'));
  try {
    chmodSync(folder, 0o755);
    cpSync(process.execPath, path.join(folder, 'node'));
    for (const name of ['qn-agent.cjs', 'parts', 'native', 'manifest.json'])
      cpSync(path.join(distFolder, name), path.join(folder, name), { recursive: true });
    const options = { ...user, encoding: 'utf8', cwd: folder } as const;
    return spawnSync(path.join(folder, 'node'), ['qn-agent.cjs', ...args], options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
