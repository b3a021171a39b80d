import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Module } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Kept, runBehindFront } from '../../agent/kept-code.ts';
import { putBehindFront } from '../../build/front.ts';

const program = (word: string) => `#!/usr/bin/env node
${putBehindFront('run();', programBehind(word))}`;
const programBehind = (word: string) => `/* with a comment in it */ const { name } = require('./part.cjs');
function late() { return '${word} of ' + name + ' in ' + __filename + ' beside ' + __dirname; }
module.exports = { said: late(), place: new Error('where').stack.split('\\n')[1], kept };
`;

const [folderPrefix, partText] = ['qn-kept-', `exports.name = 'the part';`];
let storeThread: Worker;
beforeAll(() => {
  storeThread = new Worker('', { eval: true });
});
afterAll(() => storeThread.terminate());

let folder = '';
let file = '';
let codeFolder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), folderPrefix));
  file = path.join(folder, 'program.cjs');
  codeFolder = path.join(folder, 'state', 'compiled');
  writeFileSync(path.join(folder, 'part.cjs'), partText);
  writeFileSync(file, program('first'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Exported {
  readonly said: string;
  readonly place: string;
  readonly kept: Kept;
}

function run(how: Parameters<typeof runBehindFront>[2] = { folder: codeFolder, storeThread }): Exported {
  const module = new Module(file);
  module.filename = file;
  runBehindFront(file, module, how);
  const exported: Exported = module.exports;
  return exported;
}

const codeFile = () => path.join(codeFolder, 'program.cjs.code');
const said = (word: string) => `${word} of the part in ${file} beside ${folder}`;

test('a start goes on from what the one before has kept, and writes it once', async () => {
  const first = run();
  expect([first.said, first.kept.isFromBefore, first.kept.storeThread]).toEqual([said('first'), false, storeThread]);
  expect(first.place).toContain(`${file}:5:`); // As in the file itself.
  await first.kept.keep();
  const { mtimeMs } = statSync(codeFile());
  const second = run();
  expect([second.said, second.place, second.kept.isFromBefore]).toEqual([said('first'), first.place, true]);
  await second.kept.keep();
  expect(statSync(codeFile()).mtimeMs).toBe(mtimeMs);
  expect(readdirSync(codeFolder)).toEqual(['program.cjs.code']);
});

test('another program of the same length is itself, and is kept in the place of the other', async () => {
  await run().kept.keep();
  writeFileSync(file, program('later'));
  const second = run();
  expect([second.said, second.kept.isFromBefore]).toEqual([said('later'), false]);
  await second.kept.keep();
  expect(run()).toMatchObject({ said: said('later'), kept: { isFromBefore: true } });
});

const flipped = (code: Buffer, at: number) => {
  const copy = Buffer.from(code);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

test.each<[string, (code: Buffer) => Buffer]>([
  ['cut off', (code) => code.subarray(0, code.length / 2)],
  ['empty', () => Buffer.alloc(0)],
  ['of zeroes, as a power cut leaves it', (code) => Buffer.alloc(code.length)],
  ['wrong in its head', (code) => flipped(code, 5)],
  ['wrong in one bit of the code', (code) => flipped(code, code.length - 9)],
])('code that is %s is not run, and kept anew', async (_, damage) => {
  await run().kept.keep();
  const sound = readFileSync(codeFile());
  writeFileSync(codeFile(), damage(sound));
  const again = run();
  expect([again.said, again.kept.isFromBefore]).toEqual([said('first'), false]);
  await again.kept.keep();
  expect(run().kept.isFromBefore).toBe(true);
});

test('where nothing can be written, it runs all the same', async () => {
  writeFileSync(path.join(folder, 'state'), 'no folder');
  const { said: told, kept } = run();
  expect(told).toBe(said('first'));
  await expect(kept.keep()).rejects.toThrow('ENOTDIR');
  expect(existsSync(codeFile())).toBe(false);
});

test('without a folder it runs, and keeps nothing', async () => {
  const { said: told, kept } = run({});
  expect([told, kept.isFromBefore, kept.storeThread]).toEqual([said('first'), false, undefined]);
  await kept.keep();
  expect(readdirSync(folder).toSorted()).toEqual(['part.cjs', 'program.cjs']);
});

test.each([
  ['a front of two lines', 'one();\ntwo();', '', 'one line'],
  ['a program with a letter that is not of ASCII', '', `say('ä');`, 'ASCII'],
  ['a program with what stands for the end of a comment', '', 'a *\u0001b/', 'must not contain'],
])('%s is not put together', (_, front, behind, why) => {
  expect(() => putBehindFront(front, behind)).toThrow(why);
});
