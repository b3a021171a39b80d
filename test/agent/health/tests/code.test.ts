import { appendFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashOf } from '../../../../agent/health/hash.ts';
import { type CodeSubjects, codeTest, nodeTest } from '../../../../agent/health/tests/code.ts';
import { runTest } from '../../../support/run-test.ts';

let folder = '';
const files = ['qn-agent.cjs', 'parts/a.cjs', 'native/linux-x64/gpiochip.node', 'native/linux-arm64/gpiochip.node'];
const at = (file: string) => path.join(folder, file);

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-code-'));
  for (const file of [...files, 'node']) {
    mkdirSync(path.dirname(at(file)), { recursive: true });
    writeFileSync(at(file), `content of ${file}`);
  }
  const hashes = await Promise.all(files.map(async (file) => [file, await hashOf(at(file))] as const));
  const node = { version: 'v24.1.2', binaries: { x64: await hashOf(at('node')) } };
  writeFileSync(at('manifest.json'), JSON.stringify({ version: '1.2.3', files: Object.fromEntries(hashes), node }));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const subjects = (): CodeSubjects => ({
  folder,
  isFromSource: false,
  platform: 'linux-x64',
  nodeBinary: at('node'),
  nodeVersion: 'v24.1.2',
  arch: 'x64',
});

describe('files of the agent', () => {
  it('are those of the manifest', async () => {
    expect(await runTest(codeTest(subjects()))).toMatchObject({ status: 'pass', detail: '4 files of version 1.2.3' });
  });

  it.each(files.slice(0, 3))('%s with one byte more is found', async (file) => {
    appendFileSync(at(file), '!');
    const detail = `${file} is not the one that was built`;
    expect(await runTest(codeTest(subjects()))).toMatchObject({
      status: 'fail',
      detail,
      fix: expect.stringContaining('install'),
    });
  });

  it.each(files.slice(0, 3))('%s is missed', async (file) => {
    rmSync(at(file));
    expect(await runTest(codeTest(subjects()))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(file),
    });
  });

  it('of another CPU may be left out', async () => {
    rmSync(at('native/linux-arm64'), { recursive: true });
    expect(await runTest(codeTest(subjects()))).toMatchObject({ status: 'pass' });
  });

  it.each([
    ['is missing', () => rmSync(at('manifest.json'))],
    ['is no JSON', () => writeFileSync(at('manifest.json'), '{')],
    ['is something else', () => writeFileSync(at('manifest.json'), '{"files": 3}')],
  ])('cannot be told when the manifest %s', async (_, plant) => {
    plant();
    expect(await runTest(codeTest(subjects()))).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('manifest'),
    });
    expect(await runTest(nodeTest(subjects()))).toMatchObject({ status: 'fail' });
  });

  it('are not looked at when it runs from source', async () => {
    expect(await runTest(codeTest({ ...subjects(), isFromSource: true }))).toMatchObject({ status: 'skip' });
    expect(await runTest(nodeTest({ ...subjects(), isFromSource: true }))).toMatchObject({ status: 'skip' });
  });
});

describe('Node.js', () => {
  it('is the one it was built with', async () => {
    expect(await runTest(nodeTest(subjects()))).toMatchObject({ status: 'pass' });
  });

  it('with one byte more is found', async () => {
    appendFileSync(at('node'), '!');
    expect(await runTest(nodeTest(subjects()))).toMatchObject({ status: 'fail', fix: 'install Node.js v24.1.2 again' });
  });

  it('of another version or CPU is told, and no fault', async () => {
    expect(await runTest(nodeTest({ ...subjects(), nodeVersion: 'v24.9.9' }))).toMatchObject({ status: 'skip' });
    expect(await runTest(nodeTest({ ...subjects(), arch: 'arm64' }))).toMatchObject({ status: 'skip' });
  });
});
