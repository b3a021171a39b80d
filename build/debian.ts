import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runTool } from './run-tool.ts';

/** What a machine must have to make and run Debian systems of another CPU. */

export const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

const commandMsMax = 600_000;

/** The mirror this machine uses itself; the updates for security have one of their own. */
export async function findMirror(label: 'Debian' | 'Debian-Security' = 'Debian'): Promise<string> {
  if (!existsSync(debianKeyring)) throw new Error(`no ${debianKeyring}; apt-get install debian-archive-keyring`);
  const targets = await runTool('apt-get', ['indextargets', '--format', '$(ORIGIN) $(LABEL) $(REPO_URI)']);
  const [, mirror] = new RegExp(`^Debian ${label} (\\S+)$`, 'm').exec(targets) ?? [];
  if (mirror === undefined) throw new Error('apt here knows no Debian mirror, or was never updated: apt-get update');
  return mirror;
}

/** What Debian's qemu-user-static registers when systemd runs; on a machine without it, by hand. */
export function needEmulation(): void {
  if (process.arch === 'arm64') return;
  const folder = '/proc/sys/fs/binfmt_misc';
  if (!existsSync(path.join(folder, 'register'))) spawnSync('mount', ['-t', 'binfmt_misc', 'binfmt_misc', folder]);
  if (existsSync(path.join(folder, 'qemu-aarch64'))) return;
  const rule = '/usr/lib/binfmt.d/qemu-aarch64.conf';
  if (!existsSync(rule)) throw new Error('arm64 programs do not run here; apt-get install qemu-user-static');
  writeFileSync(path.join(folder, 'register'), readFileSync(rule, 'utf8').split('\n')[0] ?? '');
}

export interface RootCommand {
  readonly status: number | null;
  /** Of both outputs. */
  readonly text: string;
}

/** In namespaces of its own, with a /proc: what it mounts or leaves running is gone with it. */
export function inRoot(root: string, command: readonly string[], input = ''): RootCommand {
  const isolate = ['--mount', '--pid', '--fork', '--kill-child', `--mount-proc=${path.join(root, 'proc')}`];
  const { status, stdout, stderr } = spawnSync('unshare', [...isolate, 'chroot', root, ...command], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    input,
    encoding: 'utf8',
    timeout: commandMsMax,
    maxBuffer: 2 ** 26,
  });
  return { status, text: `${stdout}${stderr}` };
}
