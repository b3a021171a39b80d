import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../../agent/store/store.ts';
import { command, message, textsOf } from '../../contract/store.stage.ts';
import { type FileRig, openFileRig, stored } from '../../support/store-rigs.ts';
import { until } from '../../support/until.ts';

function openTestRig(): FileRig {
  const rig = openFileRig();
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

/** A closed database with a journal and 3 MB of messages, more than SQLite keeps in memory. */
async function fillAndClose(rig: FileRig): Promise<void> {
  const store = await rig.open();
  stored(await store.journal.begin(command(1)));
  stored(await store.journal.end(command(1), { status: 'successful' }));
  for (let index = 0; index < 300; index += 1) void store.outbox.put(message('m'.repeat(10_000)));
  await store[Symbol.asyncDispose]();
}

function damage({ folder }: FileRig, offset: number, bytes: Uint8Array): void {
  const file = openSync(path.join(folder, 'store.db'), 'r+');
  writeSync(file, bytes, 0, bytes.length, offset);
  closeSync(file);
}

function asideIn({ folder }: FileRig): string[] {
  return readdirSync(folder).filter((name) => name.startsWith('store.corrupt-'));
}

async function expectWorking(store: Store): Promise<void> {
  expect(store.state).toBe('working');
  expect(stored(await store.journal.begin(command(9)))).toBe('new');
  stored(await store.outbox.put(message('new')));
  expect((await textsOf(store)).at(-1)).toBe('new');
}

/** A byte of each field of the header, the first or the last, and both where they differ. https://sqlite.org/fileformat2.html */
const headerOffsets = [
  0, 15, 16, 17, 18, 19, 20, 21, 24, 28, 31, 32, 36, 40, 44, 47, 48, 52, 56, 59, 60, 63, 68, 92, 96, 99,
];

it.each([
  ['a header of garbage', 0, 100],
  ['pages of garbage', 8_192, 65_536],
])('%s is set aside, told, and begun anew', async (_, offset, size) => {
  const rig = openTestRig();
  await fillAndClose(rig);
  const before = statSync(path.join(rig.folder, 'store.db')).size;
  damage(rig, offset, Buffer.alloc(size, 0xa5));
  const store = await rig.open();
  expect(rig.told.map(({ kind }) => kind)).toEqual(['corrupt', 'working']);
  const [aside] = asideIn(rig);
  expect(rig.told[0]?.detail).toContain(aside);
  expect(statSync(path.join(rig.folder, aside!)).size).toBe(before);
  expect(store.outbox.count).toBe(0);
  await expectWorking(store);
});

it.each([
  ['a database without a byte', (file: string) => truncateSync(file)],
  ['a log without its database', (file: string) => renameSync(file, `${file}-wal`)],
])('%s is set aside and told, and not taken for a new one', async (_, spoil) => {
  const rig = openTestRig();
  await fillAndClose(rig);
  spoil(path.join(rig.folder, 'store.db'));
  const store = await rig.open();
  expect(rig.told.map(({ kind }) => kind)).toEqual(['corrupt', 'working']);
  expect(rig.told[0]?.detail).toContain(path.join(rig.folder, 'store.corrupt-'));
  expect(asideIn(rig)).toHaveLength(1);
  await expectWorking(store);
});

it('damage that shows while the store is open costs the messages, and no outcome of a command', async () => {
  const rig = openTestRig();
  await fillAndClose(rig);
  const store = await rig.open();
  stored(await store.journal.begin(command(2)));
  damage(rig, 4_096, Buffer.alloc(3_000_000, 0xa5));
  const results = [await store.outbox.oldest(1_000, 0)];
  for (let page = 1; page < 12 && results.every(({ ok }) => ok); page += 1) {
    results.push(await store.outbox.oldest(1_000, page * 25));
  }
  expect(results.at(-1)).toMatchObject({ ok: false, error: { kind: 'corrupt' } });
  expect(store.state).toBe('corrupt');
  await rig.clock.advance(0);
  await until(() => store.state === 'working', 'the store to work again');
  expect(rig.told.map(({ kind }) => kind)).toEqual(['corrupt', 'corrupt', 'working']);
  expect(stored(await store.journal.begin(command(1)))).toEqual({ status: 'successful' });
  await expectWorking(store);
  await rig.crash();
  const after = await rig.open();
  expect(after.journal.find(command(1))).toEqual({ status: 'successful' });
  expect(await after.journal.interrupted).toMatchObject([{ id: 2n }, { id: 9n }]);
});

it('keeps the newest two of what was set aside', async () => {
  const rig = openTestRig();
  for (const damages of [0, 1, 2, 3]) {
    const store = await rig.open();
    await store[Symbol.asyncDispose]();
    expect(asideIn(rig)).toHaveLength(Math.min(damages, 2));
    damage(rig, 0, Buffer.from(`damage ${damages}`));
    await rig.clock.advance(1_000);
  }
  await rig.open();
  const kept = asideIn(rig)
    .toSorted()
    .map((name) => readFileSync(path.join(rig.folder, name)).toString('latin1', 0, 8));
  expect(kept).toEqual(['damage 2', 'damage 3']);
});

it('what is told to be set aside is there, also where the clock has fallen behind', async () => {
  const rig = openTestRig();
  const earlier = [2027, 2028].map((year) => `store.corrupt-${year}-01-01T00-00-00-000Z`);
  for (const name of earlier) writeFileSync(path.join(rig.folder, name), '');
  writeFileSync(path.join(rig.folder, 'store.db'), 'no database');
  await rig.open();
  const [told] = rig.told;
  expect(asideIn(rig).filter((name) => told?.detail.includes(name))).toHaveLength(1);
  expect(asideIn(rig)).toHaveLength(2);
});

it('a byte of the header that flips costs at most the content: the store works, or tells damage and works', {
  timeout: 60_000,
}, async () => {
  const rig = openTestRig();
  const store = await rig.open();
  stored(await store.outbox.put(message('kept')));
  await store[Symbol.asyncDispose]();
  const file = path.join(rig.folder, 'store.db');
  const sound = readFileSync(file);
  const outcomes: string[] = [];
  for (const offset of headerOffsets) {
    const flipped = Buffer.from(sound);
    flipped[offset] = (sound[offset] ?? 0) ^ 0xff;
    writeFileSync(file, flipped);
    rig.told.length = 0;
    const after = await rig.open().catch((cause: unknown) => String(cause));
    if (typeof after === 'string') {
      outcomes.push(after.includes('newer') ? 'newer' : after);
      continue;
    }
    await rig.clock.advance(2_000);
    await until(() => after.state === 'working', `the store to work with byte ${offset} flipped`);
    const texts = await textsOf(after);
    const isTold = rig.told.some(({ kind }) => kind === 'corrupt');
    outcomes.push(texts.includes('kept') ? 'kept' : isTold ? 'set aside' : `lost silently at ${offset}`);
    await after[Symbol.asyncDispose]();
  }
  expect(new Set(outcomes)).toEqual(new Set(['kept', 'set aside', 'newer'])); // Bytes 60–63 are the schema version.
});
