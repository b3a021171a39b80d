import { spawnSync } from 'node:child_process';
import { projectFolder } from './agent-process.ts';

const uid = 65_534;

/** Why a process of a user without rights cannot be made here; undefined when it can. */
export const nobodyMissing: string | undefined =
  process.getuid?.() === 0 ? undefined : 'only root can begin a process of another user';

/** A script of Node.js, in the eyes of a user who is in no group. */
export function runAsNobody(script: string, args: readonly string[]) {
  const options = { uid, gid: uid, encoding: 'utf8', cwd: projectFolder } as const;
  return spawnSync(process.execPath, [script, ...args], options);
}
