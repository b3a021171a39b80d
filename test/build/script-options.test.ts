import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { projectFolder, startScript } from '../support/agent-process.ts';

/* The scripts of package.json, as npm starts them. Whatever is built or installed would be told. */

vi.setConfig({ testTimeout: 60_000 });

const { scripts }: { scripts: { readonly [name: string]: string } } = JSON.parse(
  readFileSync(path.join(projectFolder, 'package.json'), 'utf8'),
);
const ours = Object.entries(scripts).filter(([, command]) => command.startsWith('node build/setup.mjs '));

async function run(name: string, ...args: readonly string[]) {
  const [, script = '', ...own] = scripts[name]?.split(' ') ?? [];
  await using running = startScript(script, [...own, ...args]);
  const { code } = await running.ended;
  return { code, out: running.out, err: running.err };
}

test('there are scripts to try', () => {
  expect(ours.length).toBeGreaterThan(10);
});

test.for(ours)('%s --help says how it is used, and does nothing', async ([name]) => {
  const { code, out, err } = await run(name, '--help');
  expect([code, err]).toEqual([0, '']);
  const command = name === 'test' ? 'npm test' : `npm run ${name}`;
  expect(out.split('\n')[0]).toMatch(new RegExp(`^usage: ${command}( -- .*)?$`));
  expect(out).toMatch(/\n {2}--help +this text\n$/);
  expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(130);
});

test.each([
  ['bench', ['--jsn'], "unknown option '--jsn'"],
  ['bench', ['codec', 'latenzy=4'], /^no latenzy; there are: latency, throughput, .*codec/],
  ['test:image', ['--machine', 'pi'], '--machine: no pi; there are: virt, raspi3b'],
  ['prove:kill', ['--kills', 'ten'], '--kills: not a number: ten'],
  ['demo', ['tour'], 'unexpected tour'],
  ['build', ['--profile'], "option '--profile <value>' argument missing"],
  ['deb', ['x64'], 'no x64; there are: amd64, arm64'],
] as const)('%s %j is refused in one line, and told how it is used', async (name, args, fault) => {
  const { code, out, err } = await run(name, ...args);
  expect([code, out.replace(/^setup: .*\n/gm, '')]).toEqual([64, '']);
  const [first = '', , usage] = err.split('\n');
  expect(first.startsWith(`npm run ${name}: `)).toBe(true);
  expect(first.slice(`npm run ${name}: `.length)).toEqual(
    typeof fault === 'string' ? fault : expect.stringMatching(fault),
  );
  expect(usage).toMatch(/^usage: /);
  expect(err).not.toContain('    at ');
});
