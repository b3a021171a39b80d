import { expect, test } from 'vitest';
import { contentOf, encodeGeneration, type Generation } from '../../../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../../../agent/config/generations/keeper.ts';
import type { PendingChange } from '../../../../agent/config/generations/record.ts';
import { CutFiles } from '../../../support/cut-files.ts';

const folder = '/state';

function generation(version: number): Generation {
  const value = { node: 'pi-1', documents: { [`v${version}`]: 'relay' } };
  return { version, vc: { local: version }, origin: 'push', author: 'local', atMs: version, value };
}

function pendingOf({ value, version, author, origin, atMs }: Generation): PendingChange {
  return { to: contentOf(value), version, author, origin, atMs, asked: { source: 'me', id: '7' } };
}

type End = 'taken' | 'given-up' | 'commit breaks';

/** A change from `before` to `next` as the agent makes it. */
async function change(files: CutFiles, before: Generation, next: Generation, end: End): Promise<void> {
  const keeper = await ConfigKeeper.open(files, folder);
  await keeper.begin(pendingOf(next), next);
  if (end !== 'given-up') await keeper.commit(next, before);
  if (end !== 'taken') await keeper.abandon({ status: 'failed', reason: 'rolled-back', rollback: 'restored' });
  await keeper.told();
}

async function committed(version: number): Promise<CutFiles> {
  const files = new CutFiles(new Map());
  for (let count = 1; count <= version; count += 1)
    await change(files, generation(count - 1), generation(count), 'taken');
  return files;
}

test.each(['taken', 'given-up', 'commit breaks'] as const)(
  'power that fails at any step of a change that is %s leaves the old config or the new one, and the truth',
  async (end) => {
    const start = await committed(2);
    const whole = new CutFiles(start.contents);
    await change(whole, generation(2), generation(3), end);
    const stepsCount = whole.operations.length;
    expect(stepsCount).toBeGreaterThanOrEqual(5);
    for (let step = 0; step < stepsCount; step += 1) {
      for (const tookEffect of [false, true]) {
        const files = new CutFiles(start.contents, step, tookEffect);
        await expect(change(files, generation(2), generation(3), end)).rejects.toThrow();
        await judge(files.contents, `${end}, cut at ${files.operations.at(-1)}, ${tookEffect}`);
      }
    }
  },
);

/** The next life, and one after it that finds nothing left to do. */
async function judge(contents: ReadonlyMap<string, string>, title: string): Promise<void> {
  const files = new CutFiles(contents);
  const keeper = await ConfigKeeper.open(files, folder);
  const { active, untold, history } = keeper;
  expect([2, 3], title).toContain(active?.version);
  expect(active, title).toEqual(generation(active?.version ?? -1));
  const told = history.filter(({ version }) => version === 3);
  expect(told.length, title).toBeLessThanOrEqual(1);
  const [record] = told;
  if (record !== undefined) expect([title, record.status === 'successful']).toEqual([title, active?.version === 3]);
  else expect([title, active?.version]).toEqual([title, 2]);
  if (untold !== undefined) expect(untold, title).toEqual(record);
  expect(files.contents.has('/state/config/staged.json'), title).toBe(false);
  await keeper.told();
  const later = new CutFiles(files.contents);
  const again = await ConfigKeeper.open(later, folder);
  expect([again.active, again.untold, later.operations], title).toEqual([active, undefined, []]);
}

test('a cut in the middle of putting a cut in order is put in order by the life after', async () => {
  const start = await committed(2);
  for (let step = 0; step < 8; step += 1) {
    const files = new CutFiles(start.contents, step, true);
    await change(files, generation(2), generation(3), 'taken').catch(() => {});
    for (let second = 0; second < 3; second += 1) {
      const recovering = new CutFiles(files.contents, second, second % 2 === 0);
      const keeper = await ConfigKeeper.open(recovering, folder);
      expect(keeper.active?.version).toBeGreaterThanOrEqual(2); // It starts with what it has.
      await judge(recovering.contents, `cut at ${step}, then at ${second}`);
    }
  }
});

test('the one before is kept, and of the history the latest', async () => {
  const files = await committed(40);
  const keeper = await ConfigKeeper.open(files, folder);
  expect([keeper.active?.version, keeper.previous?.version]).toEqual([40, 39]);
  expect(keeper.history).toHaveLength(32);
  expect(keeper.history.at(-1)).toMatchObject({ version: 40, status: 'successful', asked: { id: '7' } });
});

test('whatever is in the files, it opens', async () => {
  const names = ['active', 'previous', 'staged', 'change', 'history', 'boots'].map(
    (name) => `/state/config/${name}.json`,
  );
  for (const text of ['', '{', 'null', '{"to":1}', '[]', '\u0000'.repeat(64)]) {
    const keeper = await ConfigKeeper.open(new CutFiles(new Map(names.map((name) => [name, text]))), folder);
    expect([keeper.active, keeper.previous, keeper.untold, keeper.history]).toEqual([
      undefined,
      undefined,
      undefined,
      [],
    ]);
  }
});

test('a damaged active config is none; the one before is still there', async () => {
  const files = await committed(3);
  const text = files.contents.get('/state/config/active.json') ?? '';
  files.contents.set('/state/config/active.json', text.replace('relay', 'delay'));
  const keeper = await ConfigKeeper.open(files, folder);
  expect([keeper.active, keeper.previous?.version]).toEqual([undefined, 2]);
});

/** A disk whose first rename to the active config takes effect, and is not durable. */
class UnsyncedFiles extends CutFiles {
  #isFaulty = true;

  override async rename(from: string, to: string): Promise<void> {
    await super.rename(from, to);
    const isFirst = this.#isFaulty && to.endsWith('active.json');
    if (!isFirst) return;
    this.#isFaulty = false;
    throw new Error('EIO: fsync');
  }
}

test('a commit that took effect but may not be durable is taken back when it is abandoned', async () => {
  const files = new UnsyncedFiles((await committed(2)).contents);
  const keeper = await ConfigKeeper.open(files, folder);
  await keeper.begin(pendingOf(generation(3)), generation(3));
  await expect(keeper.commit(generation(3), generation(2))).rejects.toThrow('EIO');
  await keeper.abandon({ status: 'failed', reason: 'internal', rollback: 'restored' });
  await keeper.told();
  const later = await ConfigKeeper.open(new CutFiles(files.contents), folder);
  expect(later.active).toEqual(generation(2));
  expect(later.history.at(-1)).toMatchObject({ version: 3, status: 'failed' });
});

test('a change that is known to have failed is taken back, whatever config the disk has after all', async () => {
  const files = await committed(2);
  const keeper = await ConfigKeeper.open(files, folder);
  await keeper.begin(pendingOf(generation(3)), generation(3));
  await keeper.abandon({ status: 'failed', reason: 'rolled-back', rollback: 'restored' });
  files.contents.set('/state/config/active.json', encodeGeneration(generation(3)));
  files.contents.set('/state/config/previous.json', encodeGeneration(generation(2)));
  const later = new CutFiles(files.contents);
  for (const life of [await ConfigKeeper.open(later, folder), await ConfigKeeper.read(later, folder)])
    expect([life.active, life.previous, life.untold?.reason]).toEqual([generation(2), undefined, 'rolled-back']);
});

test.each([{ id: 'x7', source: 'me' }, { id: '7' }, { id: 7, source: 'me' }, { id: '-7', source: 'me' }, null, 'me'])(
  'nobody is told of a change that was asked for by %j',
  async (asked) => {
    const record = { ...pendingOf(generation(1)), asked };
    const texts = new Map([
      ['/state/config/change.json', JSON.stringify(record)],
      ['/state/config/history.json', JSON.stringify({ format: 1, changes: [{ ...record, status: 'successful' }] })],
    ]);
    const keeper = await ConfigKeeper.open(new CutFiles(texts), folder);
    expect([keeper.untold, keeper.history]).toEqual([undefined, []]);
  },
);
