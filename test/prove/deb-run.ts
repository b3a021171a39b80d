import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Manifest, manifestName } from '../../agent/health/tests/code.ts';
import { agentVersion } from '../../agent/version.ts';
import { buildDeb } from '../../build/deb/deb.ts';
import { findMirror, inRoot, needEmulation } from '../../build/debian.ts';
import type { Cpu } from '../../build/node-binary.ts';

export interface DebStep {
  readonly step: string;
  /** Undefined: as it should be. */
  readonly fault?: string;
}

const cacheFolder = path.resolve('.cache/deb');
const suite = 'bookworm';

const wantedLink = 'etc/systemd/system/multi-user.target.wants/qn-agent.service';
const ownMark = '# edited by the operator\n';

/** Every step is one look at what is there; a fault does not end the run. */
export async function proveDeb(cpu: Cpu, tell: (step: DebStep) => void): Promise<readonly DebStep[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-prove-deb-'));
  try {
    const first = await buildDeb(cpu, { compression: 'gzip', targetFolder: folder });
    const next = `${agentVersion}+next`;
    // With another config than the first one has: it is about no board that is there already.
    const firstConfig = path.join(folder, 'config.yaml');
    writeFileSync(firstConfig, `${readFileSync('build/deb/config.yaml', 'utf8')}# of the next version\n`);
    const second = await buildDeb(cpu, { compression: 'gzip', targetFolder: folder, version: next, firstConfig });
    const root = path.join(folder, 'root');
    await layRoot(cpu, root);
    const steps: DebStep[] = [];
    const check: Check = (step, isRight, detail = 'it is not so') => {
      const told = isRight ? { step } : { step, fault: detail };
      steps.push(told);
      tell(told);
    };
    const judged = spawnSync('lintian', ['--fail-on', 'error,warning', '--allow-root', first], { encoding: 'utf8' });
    check('lintian finds nothing', judged.status === 0, `${judged.stdout}${judged.stderr}`);
    lifeOfPackage(root, { first, second, next }, check);
    purgeOfMounted(root, first, check);
    return steps;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Packages {
  readonly first: string;
  readonly second: string;
  /** Version of the second one. */
  readonly next: string;
}

type Check = (step: string, isRight: boolean, detail?: string) => void;

function lifeOfPackage(root: string, { first, second, next }: Packages, check: Check): void {
  const at = (...parts: string[]) => path.join(root, ...parts);
  const config = at('etc/qn-agent/config.yaml');
  const before = filesOf(root);

  const installed = dpkg(root, '--install', first);
  check('it installs', installed.status === 0, installed.text);
  check('it says the next step', installed.text.includes('qn-agent check'), installed.text);
  const groups = inRoot(root, ['id', '-nG', 'qn-agent']).text.trim().split(' ').sort().join(' ');
  check('its user is in the groups that open pins and serial lines', groups === 'dialout gpio qn-agent', groups);
  const rights = inRoot(root, ['stat', '-c', '%U:%G %a', '/etc/qn-agent/config.yaml']).text.trim();
  check('its config is for its user to read, and for nobody else', rights === 'root:qn-agent 640', rights);
  const version = inRoot(root, ['qn-agent', 'version']);
  check('it runs on the Node that it brings', version.text.includes(`qn-agent ${agentVersion}`), version.text);
  const sound = inRoot(root, ['qn-agent', 'check']);
  check('its config is sound', sound.status === 0, sound.text);
  const altered = alteredFiles(at('usr/lib/qn-agent'));
  check('every file is as it was built', altered.length === 0, altered.join(' '));
  const control = inRoot(root, ['qnctl', 'encode', '--to', 'json', '--hex'], '{"t":"notify","val":true}\n');
  check('qnctl works', control.status === 0, control.text);

  writeFileSync(config, `${readFileSync(config, 'utf8')}${ownMark}`);
  const upgraded = dpkg(root, '--install', second);
  check('it upgrades without a question', upgraded.status === 0, upgraded.text);
  check('the config that was edited is kept', readFileSync(config, 'utf8').endsWith(ownMark));
  const shown = inRoot(root, ['dpkg-query', '-W', '-f', '$' + '{Version}', 'qn-agent']).text;
  check('the new version is there', shown === next, shown);
  check('an upgrade does not tell the first steps again', !upgraded.text.includes('edit /etc'), upgraded.text);

  // Nobody answers systemctl here, as when the new version does not start with the config that is there.
  mkdirSync(at('run/systemd/system'), { recursive: true });
  rmSync(config);
  const again = dpkg(root, '--install', first);
  check('it upgrades without a config, and where it does not start', again.status === 0, again.text);
  check('a config that was removed stays so', !existsSync(config));
  writeFileSync(config, ownMark);
  inRoot(root, ['systemctl', '--root=/', 'enable', 'qn-agent']);
  check('it is enabled', isThere(at(wantedLink)));

  const removed = dpkg(root, '--remove', 'qn-agent');
  check('it is removed', removed.status === 0, removed.text);
  check('its programs are gone', !existsSync(at('usr/bin/qn-agent')) && !existsSync(at('usr/lib/qn-agent')));
  check('its config stays', existsSync(config));
  check('no start is left behind', !isThere(at(wantedLink)));
  const purged = dpkg(root, '--purge', 'qn-agent');
  check('it is purged', purged.status === 0, purged.text);
  const left = filesOf(root).filter((file) => !before.includes(file));
  check('nothing is left', left.length === 0, left.join(' '));
  const user = inRoot(root, ['getent', 'passwd', 'qn-agent']).text;
  check('its user is gone', user === '', user);
}

/** As on a card with a read-only root, whose folders of the agent are in the data partition. */
function purgeOfMounted(root: string, deb: string, check: Check): void {
  dpkg(root, '--install', deb);
  const folders = ['/etc/qn-agent', '/var/lib/qn-agent'];
  const mount = folders.map(
    (folder) => `mkdir -p ${folder} /srv${folder}; cp -a ${folder}/. /srv${folder}
    mount --bind /srv${folder} ${folder}; touch ${folder}/.kept`,
  );
  const purged = inRoot(root, ['sh', '-c', `${mount.join('\n')}\ndpkg --purge qn-agent`]);
  check('it is purged where its folders are mounted', purged.status === 0, purged.text);
  const left = folders.flatMap((folder) => readdirSync(path.join(root, 'srv', folder)));
  check('nothing is left in them', left.length === 0, left.join(' '));
}

/** Made once, some minutes under emulation; unpacked anew for each run. */
async function layRoot(cpu: Cpu, root: string): Promise<void> {
  const architecture = cpu === 'x64' ? 'amd64' : 'arm64';
  mkdirSync(cacheFolder, { recursive: true });
  const archive = path.join(cacheFolder, `root-${suite}-${architecture}.tar`);
  if (!existsSync(archive)) {
    if (cpu === 'arm64') needEmulation();
    const include = '--include=adduser,systemd,libatomic1';
    const options = ['--quiet', '--variant=minbase', `--architectures=${architecture}`, include];
    const making = `${archive}.part.tar`;
    execFileSync('mmdebstrap', [...options, suite, making, await findMirror()], { stdio: ['ignore', 2, 2] });
    execFileSync('mv', [making, archive]);
  }
  mkdirSync(root);
  execFileSync('tar', ['-xpf', archive, '-C', root, '--numeric-owner', '--exclude=./dev/*']);
  execFileSync('mknod', ['-m', '666', path.join(root, 'dev/null'), 'c', '1', '3']);
}

function dpkg(root: string, action: string, operand: string) {
  if (!operand.endsWith('.deb')) return inRoot(root, ['dpkg', action, operand]);
  copyFileSync(operand, path.join(root, 'tmp', path.basename(operand)));
  const done = inRoot(root, ['dpkg', action, `/tmp/${path.basename(operand)}`]);
  rmSync(path.join(root, 'tmp', path.basename(operand)));
  return done;
}

/** A link that leads nowhere as well. */
function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** What dpkg keeps about every package, and its logs, is no matter of this one. */
function filesOf(root: string): readonly string[] {
  const skipped = ['proc', 'dev', 'sys', 'tmp', 'run', 'var/lib/dpkg', 'var/log', 'var/cache'];
  const prune = skipped.flatMap((folder) => ['-path', `./${folder}`, '-prune', '-o']);
  const found = execFileSync('find', ['.', ...prune, '-print'], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  return found
    .trim()
    .split('\n')
    .filter((file) => !/^\.\/etc\/(passwd|group|shadow|gshadow)-$/.test(file));
}

/** Those of the manifest that are there, with another content; what is for the other CPU is not there. */
function alteredFiles(folder: string): readonly string[] {
  const text = readFileSync(path.join(folder, manifestName), 'utf8');
  const { files }: Manifest = JSON.parse(text);
  const present = Object.entries(files).filter(([file]) => existsSync(path.join(folder, file)));
  if (!present.some(([file]) => file === 'qn-agent.cjs')) return ['qn-agent.cjs is not there'];
  const hash = (file: string) =>
    createHash('sha256')
      .update(readFileSync(path.join(folder, file)))
      .digest('hex');
  return present.filter(([file, expected]) => hash(file) !== expected).map(([file]) => file);
}
