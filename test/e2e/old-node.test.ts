import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { distFolder, needBundle } from '../support/agent-process.ts';

test.each([
  ['qn-agent.cjs', 'check'],
  ['qn-agent.cjs', 'run'],
  ['qnctl.cjs', 'health'],
])('%s %s on a Node.js that is too old says so in one sentence', async (program, verb) => {
  await needBundle();
  const folder = mkdtempSync(path.join(tmpdir(), 'old-node-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const older = path.join(folder, 'older.cjs');
  writeFileSync(older, 'delete globalThis.DisposableStack;'); // Node.js 22 has none.
  const config = path.join(distFolder, 'example.yaml');
  const argv = [
    '--require',
    older,
    path.join(distFolder, program),
    verb,
    ...(verb === 'run' ? ['--config', config] : []),
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  expect([status, stdout]).toEqual([69, '']);
  expect(stderr).toMatch(
    /^(qn-agent|qnctl): this is Node\.js v[\d.]+, and it needs 24 or later; look which: node --version\n$/,
  );
});
