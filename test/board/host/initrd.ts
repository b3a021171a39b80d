import { chmodSync, copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build as bundle, type Plugin } from 'esbuild';
import { buildNative } from '../../../build/native.ts';
import { nativeFiles } from '../../../build/native-files.ts';
import { runTool } from '../../../build/run-tool.ts';
import { needBundle } from '../../support/agent-process.ts';
import type { BoardImage } from './image.ts';

const armCompiler = process.arch === 'arm64' ? 'gcc' : 'aarch64-linux-gnu-gcc';

/** Our suites say `vitest`; in the guest that is its small stand-in. */
export const guestVitest: Plugin = {
  name: 'guest-vitest',
  setup({ onResolve }) {
    onResolve({ filter: /^vitest$/ }, () => ({ path: join(process.cwd(), 'test/board/guest/vitest.ts') }));
  },
};

/** Where our tests are in the guest. */
export const guestBundle = '/app/guest.cjs';

export interface Initrd {
  readonly archive: string;
  /** What `guestBundle` was made of. */
  readonly sourceMap: string;
}

/** What changes between runs: our bundle, our native files and our tests. */
export async function makeInitrd(image: BoardImage, folder: string): Promise<Initrd> {
  await needBundle(); // Not built again: other tests may be running it.
  buildNative(); // The compiler of the other CPU may have come only now.
  const tree = join(folder, 'initrd');
  for (const name of ['app', 'bin', 'dev', 'modules', 'proc', 'board', 'sys', 'tmp'])
    mkdirSync(join(tree, name), { recursive: true });
  copyFileSync(image.busybox, join(tree, 'bin/busybox'));
  copyFileSync('test/board/guest/init.sh', join(tree, 'init'));
  for (const program of ['bin/busybox', 'init']) chmodSync(join(tree, program), 0o755);
  cpSync(image.modules, join(tree, 'modules'), { recursive: true });
  writeFileSync(join(tree, 'modules/list'), `${image.moduleNames.join('\n')}\n`);
  copyFileSync('dist/qn-agent.cjs', join(tree, 'app/qn-agent.cjs'));
  cpSync('dist/parts', join(tree, 'app/parts'), { recursive: true });
  copyFileSync('dist/manifest.json', join(tree, 'app/manifest.json'));
  cpSync('dist/native/linux-arm64', join(tree, 'app/native/linux-arm64'), { recursive: true });
  const bundled = join(folder, 'guest.cjs');
  await bundleGuest('test/board/guest/main.ts', bundled);
  copyFileSync(bundled, join(tree, guestBundle));
  const shim = ['-shared', '-fPIC', '-O2', 'test/board/guest/fail-write.c', '-o', join(tree, 'app/fail-write.so')];
  await runTool(armCompiler, shim);
  await runTool(armCompiler, ['-O2', 'test/board/guest/shake.c', '-o', join(tree, 'app/shake')]);
  // By the shell, because cpio takes the list of files on its input.
  await runTool('sh', ['-c', 'find . | cpio --quiet -o -H newc -R 0:0 >../initrd.cpio'], tree);
  return { archive: join(folder, 'initrd.cpio'), sourceMap: `${bundled}.map` };
}

/** Its source map lies beside it. */
export async function bundleGuest(entry: string, outfile: string): Promise<void> {
  await bundle({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    sourcemap: 'external',
    plugins: [guestVitest, nativeFiles('.')],
    logLevel: 'error',
  });
}
