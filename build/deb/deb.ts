import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { agentVersion } from '../../agent/version.ts';
import { build, outFolder } from '../build.ts';
import { type Cpu, fetchNode } from '../node-binary.ts';
import { runTool } from '../run-tool.ts';
import { readOptions } from '../script-options.ts';
import { controlText, type DebianArchitecture } from './control.ts';
import { manualPage, programs } from './manual.ts';

/*
 * Made with plain dpkg-deb. What is inside:
 *
 *   /usr/lib/qn-agent/          the programs, their parts and native files, the manifest, and Node
 *   /usr/bin/{qn-agent,qnctl}   run them on that Node
 *   /usr/share/qn-agent/config.yaml   becomes /etc/qn-agent/config.yaml at the first install, where there is none
 *   the unit, the udev rules, manual pages, the commented example
 */

const cacheFolder = '.cache/deb';
const here = path.dirname(fileURLToPath(import.meta.url));

const architectures: { readonly [cpu in Cpu]: DebianArchitecture } = { x64: 'amd64', arm64: 'arm64' };

export interface DebOptions {
  readonly version?: string;
  /** `gzip` where the package is made for a test, and thrown away: it takes a tenth of the time. */
  readonly compression?: 'xz' | 'gzip';
  readonly targetFolder?: string;
  /** The config of the first install. */
  readonly firstConfig?: string;
}

/** Builds the package of one CPU from what is in `dist`, and returns its file. */
export async function buildDeb(
  cpu: Cpu,
  {
    version = agentVersion,
    compression = 'xz',
    targetFolder = outFolder,
    firstConfig = path.join(here, 'config.yaml'),
  }: DebOptions = {},
): Promise<string> {
  const architecture = architectures[cpu];
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-deb-'));
  try {
    const root = path.join(folder, 'root');
    await layProgram(cpu, root);
    await laySurroundings(root, version, firstConfig);
    await layControl({ architecture, version }, root);
    await runTool('chmod', ['-R', 'u+rwX,go+rX,go-w', root]);
    const target = path.join(targetFolder, `qn-agent_${version}_${architecture}.deb`);
    await runTool('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', root, target]);
    return target;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function layProgram(cpu: Cpu, root: string): Promise<void> {
  const library = path.join(root, 'usr/lib/qn-agent');
  await mkdir(library, { recursive: true });
  for (const file of ['qn-agent.cjs', 'qnctl.cjs', 'manifest.json', 'qn-agent.schema.json'])
    await copyFile(path.join(outFolder, file), path.join(library, file));
  await cp(path.join(outFolder, 'parts'), path.join(library, 'parts'), { recursive: true });
  const native = path.join('native', `linux-${cpu}`);
  await cp(path.join(outFolder, native), path.join(library, native), { recursive: true });
  // Run by the Node that is brought along, not by one that happens to be there.
  await runTool('find', [library, '-name', '*.cjs', '-exec', 'chmod', '644', '{}', '+']);
  await mkdir(cacheFolder, { recursive: true });
  await fetchNode(cpu, cacheFolder, path.join(library, 'node'));
  await chmod(path.join(library, 'node'), 0o755);
  for (const program of programs) {
    const text = `#!/bin/sh\nexec /usr/lib/qn-agent/node /usr/lib/qn-agent/${program}.cjs "$@"\n`;
    await write(path.join(root, 'usr/bin', program), text, 0o755);
  }
}

async function laySurroundings(root: string, version: string, firstConfig: string): Promise<void> {
  const documents = path.join(root, 'usr/share/doc/qn-agent');
  for (const unit of ['qn-agent.service', 'qn.slice'])
    await lay(path.join('build/systemd', unit), path.join(root, 'lib/systemd/system', unit));
  await lay(path.join(here, '60-qn-agent.rules'), path.join(root, 'lib/udev/rules.d/60-qn-agent.rules'));
  await mkdir(path.join(root, 'etc/qn-agent'), { recursive: true });
  await lay(firstConfig, path.join(root, 'usr/share/qn-agent/config.yaml'));
  await lay('build/config/example.yaml', path.join(documents, 'examples/config.yaml'));
  await lay(path.join(here, 'lintian-overrides'), path.join(root, 'usr/share/lintian/overrides/qn-agent'));
  await write(path.join(documents, 'copyright'), await copyrightText());
  await write(path.join(documents, 'changelog.gz'), gzipSync(changelogText(version), { level: 9 }));
  for (const program of programs) {
    const page = gzipSync(await manualPage(program), { level: 9 });
    await write(path.join(root, `usr/share/man/man1/${program}.1.gz`), page);
  }
}

async function layControl(
  facts: { readonly architecture: DebianArchitecture; readonly version: string },
  root: string,
): Promise<void> {
  const control = path.join(root, 'DEBIAN');
  const installedBytes = Number((await runTool('du', ['-sb', root])).split('\t')[0]);
  await write(path.join(control, 'control'), controlText({ ...facts, installedBytes }));
  for (const script of ['postinst', 'prerm', 'postrm']) {
    await lay(path.join(here, script), path.join(control, script));
    await chmod(path.join(control, script), 0o755);
  }
  const sums = await runTool(
    'sh',
    ['-c', "find . -type f ! -path './DEBIAN/*' -printf '%P\\0' | sort -z | xargs -0 md5sum"],
    root,
  );
  await write(path.join(control, 'md5sums'), sums);
}

async function lay(source: string, target: string): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  await copyFile(source, target);
}

async function write(target: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, mode);
}

/** Machine-readable, as Debian wants it; the licences of what is bundled stand in their packages. */
async function copyrightText(): Promise<string> {
  const licence = await readFile('LICENSE', 'utf8');
  const [, holder = ''] = /Copyright \(c\) (.+)/.exec(licence) ?? [];
  const body = licence.trim().split('\n').slice(4);
  return [
    'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/',
    'Upstream-Name: qn-agent',
    '',
    'Files: *',
    `Copyright: ${holder}`,
    'License: Expat',
    ...body.map((line) => ` ${line === '' ? '.' : line}`),
    '',
  ].join('\n');
}

function changelogText(version: string): string {
  const date = new Date().toUTCString().replace('GMT', '+0000');
  const entry = `qn-agent (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md of the project.\n\n`;
  return `${entry} -- QN agent maintainers <maintainers@qn-agent.invalid>  ${date}\n`;
}

if (import.meta.main) {
  const { operands: wanted } = readOptions({
    command: 'npm run deb',
    summary: 'Builds the Debian packages dist/qn-agent_VERSION_CPU.deb, of both CPUs where none is named.',
    options: {},
    operands: { value: 'CPU', names: { amd64: 'computers', arm64: 'boards' } },
  });
  await build();
  for (const cpu of ['x64', 'arm64'] as const) {
    if (wanted.length > 0 && !wanted.includes(architectures[cpu])) continue;
    const file = await buildDeb(cpu);
    console.log(`deb: ${file} ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
  }
}
