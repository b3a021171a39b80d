import { execFileSync } from 'node:child_process';
import { build, type Plugin } from 'esbuild';
import { expect, test } from 'vitest';
import { nativeFiles } from '../../build/native-files.ts';
import { insideOfProgram } from '../../build/single/plugins.ts';

/** Of epoll and of serialport: each calls what it requires. */
const packages = ['bindings', 'node-gyp-build'];

test.each<[string, Plugin]>([
  ['bundle', nativeFiles('.')],
  ['single executable', insideOfProgram],
])('in a %s the packages with a native file get a function that loads it', async (_, plugin) => {
  const contents = packages.map((name) => `console.log(typeof require('${name}'));`).join('');
  const stdin = { contents, resolveDir: process.cwd() };
  const options = { bundle: true, platform: 'node', format: 'cjs', write: false } as const;
  const { outputFiles } = await build({ stdin, ...options, plugins: [plugin] });
  const told = execFileSync(process.execPath, ['-e', outputFiles[0]?.text ?? ''], { encoding: 'utf8' });
  expect(told).toBe('function\nfunction\n');
});
