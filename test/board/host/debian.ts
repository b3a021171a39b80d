import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { debianKeyring, findMirror } from '../../../build/debian.ts';
import { runTool } from '../../../build/run-tool.ts';

/** An apt for another suite and CPU, in a folder of its own: nothing of this machine's packages changes. */
export interface PrivateApt {
  /** The packages of this name that `name` depends on directly. */
  dependencies(name: string): Promise<readonly string[]>;
  /** Unpacks packages into `target`, without running any of their scripts. */
  unpack(names: readonly string[], target: string): Promise<void>;
}

export async function openPrivateApt(cacheFolder: string, suite: string, cpu: string): Promise<PrivateApt> {
  const folder = resolve(cacheFolder, `apt-${suite}`);
  const sources = join(folder, 'sources.list');
  for (const part of ['lists/partial', 'archives/partial', 'preferences.d'])
    mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'status'), '');
  // Only the lists of packages: no texts in other languages, no icons.
  writeFileSync(
    sources,
    `deb [arch=${cpu} target=Packages signed-by=${debianKeyring}] ${await findMirror()} ${suite} main\n`,
  );
  const options = [
    ...[`APT::Architecture=${cpu}`, `APT::Architectures=${cpu}`, 'APT::Sandbox::User=root'],
    ...[`Dir::State=${folder}`, `Dir::State::Lists=${folder}/lists`, `Dir::State::status=${folder}/status`],
    ...[`Dir::Cache=${folder}`, `Dir::Etc::SourceList=${sources}`, 'Dir::Etc::SourceParts=/dev/null'],
    ...[
      'Dir::Etc::Preferences=/dev/null',
      'Dir::Etc::PreferencesParts=/dev/null',
      'Acquire::Retries=2',
      'Acquire::http::Timeout=20', // A mirror that does not answer is not waited for.
      'Acquire::https::Timeout=20',
      'APT::Update::Error-Mode=any',
    ],
    'APT::Update::Post-Invoke::=', // Whatever this machine does after its own updates.
  ].flatMap((option) => ['-o', option]);
  await runTool('apt-get', [...options, '-qq', 'update']);
  return {
    async dependencies(name) {
      const shown = await runTool('apt-cache', [...options, 'depends', name]);
      return [...shown.matchAll(/^ +Depends: (\S+)$/gm)].map(([, found = '']) => found);
    },
    async unpack(names, target) {
      const debs = join(folder, `debs-${process.pid}`);
      mkdirSync(debs, { recursive: true });
      await runTool('apt-get', [...options, '-qq', 'download', ...names], debs);
      for (const deb of readdirSync(debs)) await runTool('dpkg-deb', ['-x', join(debs, deb), target]);
      rmSync(debs, { recursive: true });
    },
  };
}
