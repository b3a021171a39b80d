import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryFile } from '../../../agent/documents/memory-file.ts';
import { memoryFileBytesMax, memoryWriteMsMin } from '../../../agent/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { until } from '../../support/until.ts';

function prepare() {
  const folder = mkdtempSync(join(tmpdir(), 'memory-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = createFakeClock();
  const file = join(folder, 'state', 'documents.json');
  return {
    clock,
    folder,
    file,
    open: () => MemoryFile.open({ clock, log: silentLog }, join(folder, 'state')),
    read: () => (statSync(file, { throwIfNoEntry: false }) === undefined ? '' : readFileSync(file, 'utf8')),
  };
}

test('what is kept is there for the next agent', async () => {
  const { open } = prepare();
  const first = await open();
  first.of('flow').keep(() => ({ count: 7 }));
  first.of('relay').keep(() => undefined);
  first.of('flow').touch();
  await first[Symbol.asyncDispose]();
  const second = await open();
  expect([second.of('flow').recall(), second.of('relay').recall()]).toEqual([{ count: 7 }, undefined]);
  expect(second.of('constructor').recall()).toBeUndefined();
});

test('what a document remembers that is not open in one life is there for the one after', async () => {
  const { open } = prepare();
  const first = await open();
  first.of('flow').keep(() => ({ count: 7 }));
  first.of('gone').keep(() => ({ count: 8 }));
  first.of('flow').touch();
  await first[Symbol.asyncDispose]();
  const second = await open();
  second.of('flow'); // Its line is absent: it keeps nothing.
  second.of('relay').keep(() => ({ left_ms: 1 }));
  second.of('relay').touch();
  second.opened();
  await second[Symbol.asyncDispose]();
  const third = await open();
  expect([third.of('flow').recall(), third.of('gone').recall()]).toEqual([{ count: 7 }, undefined]);
});

test('what is written before all documents are open has what the others remember', async () => {
  const { open } = prepare();
  const first = await open();
  first.of('flow').keep(() => ({ count: 7 }));
  first.of('flow').touch();
  await first[Symbol.asyncDispose]();
  const second = await open();
  second.of('relay').keep(() => ({ left_ms: 1 }));
  second.of('relay').touch();
  await second[Symbol.asyncDispose](); // Told to end in the middle of its start.
  const third = await open();
  expect([third.of('flow').recall(), third.of('relay').recall()]).toEqual([{ count: 7 }, { left_ms: 1 }]);
});

test('it is written at most once a minute, and at exit', async () => {
  const { open, clock, read } = prepare();
  const memory = await open();
  let count = 0;
  memory.of('flow').keep(() => ({ count }));
  const touch = () => {
    count += 1;
    memory.of('flow').touch();
  };
  touch();
  await until(() => read().includes('"count":1}'), 'the first write');
  for (let second = 0; second < 59; second += 1) {
    touch();
    await clock.advance(1_000);
  }
  expect(read()).toContain('"count":1}');
  await clock.advance(memoryWriteMsMin - 59_000);
  await until(() => read().includes('"count":60}'), 'the write after a minute');
  touch();
  await memory[Symbol.asyncDispose]();
  expect(read()).toContain('"count":61}');
  expect(clock.timersCount).toBe(0);
});

test.for(['', '{', '[]', '{"documents":7}', ' '.repeat(memoryFileBytesMax + 1)])(
  'a damaged file is as good as none, told, and kept (row %#)',
  async (text) => {
    const { open, file, read } = prepare();
    const before = await open();
    before.of('flow').keep(() => ({ count: 1 }));
    before.of('flow').touch();
    await before[Symbol.asyncDispose]();
    writeFileSync(file, text);
    const memory = await open();
    expect([before.damage, memory.damage]).toEqual([undefined, expect.stringContaining(file)]);
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(text);
    expect(memory.of('flow').recall()).toBeUndefined();
    memory.of('flow').keep(() => ({ count: 2 }));
    memory.of('flow').touch();
    await memory[Symbol.asyncDispose]();
    expect(read()).toContain('"count":2}');
    expect((await open()).damage).toBeUndefined();
  },
);

test('damage of what the guard left is told as well, and what was kept before is recalled', async () => {
  const { open, folder, read } = prepare();
  const before = await open();
  before.of('flow').keep(() => ({ count: 1 }));
  before.of('flow').touch();
  await before[Symbol.asyncDispose]();
  writeFileSync(join(folder, 'state', 'limits-left.json'), '');
  const memory = await open();
  expect(memory.damage).toContain('limits-left.json');
  expect(memory.of('flow').recall()).toEqual({ count: 1 });
  expect(read()).toContain('"count":1}');
});

test('a folder that takes nothing stops nobody', async () => {
  const { folder, clock } = prepare();
  writeFileSync(join(folder, 'file'), '');
  const memory = await MemoryFile.open({ clock, log: silentLog }, join(folder, 'file', 'state'));
  memory.of('flow').keep(() => 1);
  memory.of('flow').touch();
  await memory[Symbol.asyncDispose]();
  expect(memory.of('flow').recall()).toBe(1); // For as long as the process lives.
});
