import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { buildDeb } from '../deb/deb.ts';
import { inRoot } from '../debian.ts';
import { muteSchema } from '../mute-schema.ts';
import { runTool } from '../run-tool.ts';
import { openBaseRoot } from './base-root.ts';
import { imageCpu, imageSuite } from './recipe.ts';

const here = path.dirname(fileURLToPath(import.meta.url));
const bootFolder = 'boot/firmware';

const enabled = ['qn-setup', 'qn-agent', 'systemd-networkd', 'systemd-resolved', 'systemd-timesyncd', 'ssh'];
/** What would write to the card by itself or download while a board works, and what no board here has a use for. */
const masked = [
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer'],
  ...['e2scrub_reap.service', 'wpa_supplicant.service'], // The one for wlan0 is another unit.
];

/** What belongs to one system alone: the first start makes it. */
const perBoard = ['etc/hostname', 'var/lib/systemd/random-seed', 'var/lib/dbus/machine-id'];
const caches = ['var/cache/apt', 'var/lib/apt/lists', 'var/log', 'var/cache/debconf', 'tmp', 'run', 'var/tmp'];

export interface LaidRoot {
  readonly root: string;
  /** What goes onto the partition that every computer can read. */
  readonly boot: string;
  /** `name<TAB>version`, one package a line. */
  readonly packages: string;
}

/** Unpacks the Debian of the cache into `folder`, and makes it a board with our package. */
export async function layRoot(folder: string): Promise<LaidRoot> {
  const root = path.join(folder, 'root');
  mkdirSync(root);
  await runTool('tar', ['-xpf', await openBaseRoot(), '-C', root, '--numeric-owner', '--exclude=./dev/*']);
  await runTool('mknod', ['-m', '666', path.join(root, 'dev/null'), 'c', '1', '3']);
  await installPackage(folder, root);
  await layBoard(root);
  const packages = must(root, ['dpkg-query', '-W', '-f', '$' + '{Package}\t$' + '{Version}\n']);
  clean(root);
  const boot = path.join(folder, 'boot');
  renameSync(path.join(root, bootFolder), boot);
  mkdirSync(path.join(root, bootFolder));
  copyFileSync(path.join(here, 'qn-agent.yaml'), path.join(boot, 'qn-agent.yaml'));
  return { root, boot, packages };
}

async function installPackage(folder: string, root: string): Promise<void> {
  const deb = await buildDeb(imageCpu, { compression: 'gzip', targetFolder: folder });
  const copy = path.join('/tmp', path.basename(deb));
  copyFileSync(deb, path.join(root, copy));
  must(root, ['dpkg', '--install', copy]);
}

async function layBoard(root: string): Promise<void> {
  cpSync(path.join(here, 'board'), root, { recursive: true });
  await runTool('chmod', ['-R', 'u=rwX,go=rX', path.join(root, 'etc/systemd'), path.join(root, 'usr/lib/systemd')]);
  chmodSync(path.join(root, 'etc/sudoers.d/admin'), 0o440);
  await bundle({
    entryPoints: [path.join(here, 'setup/main.ts')],
    outfile: path.join(root, 'usr/lib/qn-board/setup.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minify: true,
    plugins: [muteSchema],
    logLevel: 'warning',
  });
  mkdirSync(path.join(root, 'var/lib/qn-board'), { recursive: true });
  must(root, ['adduser', '--quiet', '--disabled-password', '--comment', '', 'admin']);
  for (const group of ['gpio', 'dialout', 'systemd-journal', 'qn-agent'])
    must(root, ['adduser', '--quiet', 'admin', group]);
  must(root, ['systemctl', '--quiet', 'enable', ...enabled.map((name) => `${name}.service`)]);
  must(root, ['systemctl', '--quiet', 'mask', ...masked]);
  laySources(root);
  rmSync(path.join(root, 'etc/resolv.conf'), { force: true });
  symlinkSync('../run/systemd/resolve/stub-resolv.conf', path.join(root, 'etc/resolv.conf'));
}

/** Not the mirror of the machine that made the image, but what Debian itself says in the example of its apt. */
function laySources(root: string): void {
  const examples = path.join(root, 'usr/share/doc/apt/examples');
  const example = readFileSync(path.join(examples, 'debian.sources'), 'utf8');
  const suites = `${imageSuite} ${imageSuite}-updates`;
  if (!example.includes(`Suites: ${suites}\n`)) throw new Error(`the example of apt has other suites:\n${example}`);
  const sources = example.replace(suites, `${suites} ${imageSuite}-backports`);
  writeFileSync(path.join(root, 'etc/apt/sources.list.d/debian.sources'), sources);
  for (const other of ['etc/apt/sources.list', 'etc/apt/sources.list.d/0000debian.list'])
    rmSync(path.join(root, other), { force: true });
  rmSync(examples, { recursive: true });
}

function clean(root: string): void {
  for (const file of perBoard) rmSync(path.join(root, file), { force: true });
  writeFileSync(path.join(root, 'etc/machine-id'), '');
  for (const folder of caches) {
    for (const name of readdirSync(path.join(root, folder)))
      rmSync(path.join(root, folder, name), { recursive: true, force: true });
  }
  // The packages have done already what systemd else does at a first start, which costs a slow board half a minute.
  for (const folder of ['etc', 'var']) writeFileSync(path.join(root, folder, '.updated'), '');
  const ssh = path.join(root, 'etc/ssh');
  for (const name of readdirSync(ssh).filter((file) => file.startsWith('ssh_host_'))) rmSync(path.join(ssh, name));
}

function must(root: string, command: readonly string[]): string {
  const { status, text } = inRoot(root, command);
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status} in the image:\n${text}`);
  return text;
}
