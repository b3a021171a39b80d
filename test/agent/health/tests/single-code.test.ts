import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkAssets, checkProgram } from '../../../../agent/health/tests/single-code.ts';

const sumOf = (text: string) => createHash('sha256').update(text).digest('hex');

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'qn-single-code-'));
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  ['as built', 'code', 'pass', '1 files inside of the program'],
  ['changed', 'c0de', 'fail', 'parts/x.cjs is not the one that was built'],
  ['gone', undefined, 'fail', 'parts/x.cjs is not the one that was built'],
])('what is inside is %s', async (_, text, status, detail) => {
  const asset = () => (text === undefined ? undefined : Buffer.from(text));
  expect(await checkAssets({ assets: { 'parts/x.cjs': sumOf('code') }, asset, program: '' })).toMatchObject({
    status,
    detail,
  });
});

test('the program is compared with the sum beside it, where there is one', async () => {
  const program = path.join(folder, 'qn-agent-x64');
  await writeFile(program, 'program');
  const check = () => checkProgram({ assets: {}, asset: () => undefined, program });
  expect(await check()).toMatchObject({ status: 'skip', fix: 'copy it beside the program' });
  await writeFile(`${program}.sha256`, `${sumOf('program')}  qn-agent-x64\n`);
  expect(await check()).toMatchObject({ status: 'pass' });
  await writeFile(program, 'another');
  expect(await check()).toMatchObject({ status: 'fail' });
});
