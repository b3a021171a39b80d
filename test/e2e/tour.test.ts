import { mkdtempSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { projectFolder, startScript } from '../support/agent-process.ts';

const parts = ['agent', 'build', 'drivers', 'firmware-bridge', 'node_modules', 'package.json', '.cache'];

it('the tour of the demo goes through, as in a fresh clone', async () => {
  // The demo builds: in a folder of its own, so that it does not write the bundle other tests run at this moment.
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-tour-'));
  try {
    for (const part of parts) symlinkSync(path.join(projectFolder, part), path.join(folder, part));
    const script = path.join('build', 'demo', 'demo.ts');
    const nodeArguments = ['--preserve-symlinks', '--preserve-symlinks-main'];
    await using demo = startScript(script, ['--tour'], { cwd: folder, nodeArguments });
    const { code } = await demo.ended;
    expect([code, demo.err]).toEqual([0, '']);
    expect(demo.out).toMatch(/^tour done: (\d+) of \1 steps went as they should$/m);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 40_000);
