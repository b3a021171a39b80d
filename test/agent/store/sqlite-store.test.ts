import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { silentLog } from '../../../agent/log.ts';
import { storeLimits } from '../../../agent/store/limits.ts';
import { migrate, migrations } from '../../../agent/store/migrations.ts';
import { openStore } from '../../../agent/store/open-store.ts';
import { command, message, textsOf } from '../../contract/store.stage.ts';
import { storeSuite } from '../../contract/store.suite.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { openFileRig, stored, storeProgram } from '../../support/store-rigs.ts';
import { until } from '../../support/until.ts';

storeSuite('SQLite on its thread', () => openFileRig());

function makeFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'store-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

function open(folder: string, program: string = storeProgram) {
  return openStore({ folder, program, clock: createFakeClock(), log: silentLog, onTrouble: () => undefined });
}

function openTestRig() {
  const rig = openFileRig();
  onTestFinished(() => rig[Symbol.asyncDispose]());
  return rig;
}

describe('the schema', () => {
  it('of a newer agent is refused with the way out, and left alone', async () => {
    const folder = makeFolder();
    await stored(await open(folder))[Symbol.asyncDispose]();
    const file = path.join(folder, 'store.db');
    const raise = new DatabaseSync(file);
    raise.exec('PRAGMA user_version = 99');
    raise.close();
    const before = statSync(file).mtimeMs;
    const refused = await open(folder);
    expect(refused).toMatchObject({ ok: false, error: { kind: 'newer', resource: file } });
    expect(refused.ok ? '' : refused.error.detail).toBe(
      `the database has schema 99; this agent knows ${migrations.length}`,
    );
    expect(refused.ok ? '' : refused.error.fix).toContain('install the newer agent');
    expect(statSync(file).mtimeMs).toBe(before);
    expect(readdirSync(folder)).toEqual(['store.db']);
  });

  it('goes on where a newer agent had a reason that this one does not know', async () => {
    const rig = openTestRig();
    const before = await rig.open();
    stored(await before.journal.begin(command(1)));
    stored(await before.journal.end(command(1), { status: 'failed', reason: 'interrupted' }));
    stored(await before.outbox.put(message('kept')));
    await before[Symbol.asyncDispose]();
    const newer = new DatabaseSync(path.join(rig.folder, 'store.db'));
    newer.exec("UPDATE journal SET reason = 'quarantined'");
    newer.close();
    const after = await rig.open();
    expect(rig.told).toEqual([]);
    expect(stored(await after.journal.begin(command(1)))).toEqual({ status: 'failed' });
    expect(await textsOf(after)).toEqual(['kept']);
  });

  it('grows by the steps that are missing, and keeps what is there', () => {
    const database = new DatabaseSync(':memory:');
    migrate(database, 'test');
    database.exec("INSERT INTO value VALUES ('a', 'b')");
    const steps = [...migrations, { title: 'one more column', sql: 'ALTER TABLE value ADD COLUMN at_ms INTEGER' }];
    migrate(database, 'test', steps);
    migrate(database, 'test', steps);
    expect({ ...database.prepare('SELECT * FROM value').get() }).toEqual({ key: 'a', text: 'b', at_ms: null });
    expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: steps.length });
  });

  it('stays as it was when one of the steps fails', () => {
    const database = new DatabaseSync(':memory:');
    const steps = [
      { title: 'good', sql: 'CREATE TABLE one (a)' },
      { title: 'bad', sql: 'CREATE TABLE one (b)' },
    ];
    expect(() => migrate(database, 'test', steps)).toThrow('already exists');
    expect(database.prepare('PRAGMA user_version').get()).toMatchObject({ user_version: 0 });
    expect(database.prepare('SELECT * FROM sqlite_schema').all()).toEqual([]);
  });
});

describe('the file', () => {
  it('belongs to one store at a time: the second says busy, and gets it when the first has closed', async () => {
    const rig = openTestRig();
    const first = stored(await open(rig.folder));
    const second = await rig.open();
    expect(second.state).toBe('busy');
    expect(rig.told).toMatchObject([{ kind: 'busy', fix: expect.stringContaining('stop the other agent') }]);
    expect(await second.values.set('a', 'c')).toMatchObject({ ok: false, error: { kind: 'busy' } });
    stored(await first.values.set('a', 'b'));
    await first[Symbol.asyncDispose]();
    await rig.clock.advance(2_000);
    await until(() => second.state === 'working', 'the second store to work');
    expect(second.values.get('a')).toBe('b');
  });

  it('that somebody reads while the agent starts is opened afterwards', async () => {
    const rig = openTestRig();
    await (await rig.open())[Symbol.asyncDispose]();
    const reader = new DatabaseSync(path.join(rig.folder, 'store.db'), { readOnly: true });
    reader.exec('BEGIN; SELECT * FROM value'); // As a long integrity check of a self-test beside it, or a backup.
    const store = await rig.open();
    reader.close();
    await rig.clock.advance(2_000);
    await until(() => store.state === 'working', 'the store to work');
  });

  it('is the only one when the store is closed', async () => {
    const folder = makeFolder();
    const store = stored(await open(folder));
    stored(await store.outbox.put(message('one')));
    await store[Symbol.asyncDispose]();
    expect(readdirSync(folder)).toEqual(['store.db']);
  });

  it('keeps its log short while messages come and go, and counts what it does', async () => {
    const rig = openTestRig();
    const store = await rig.open({ logPagesMax: 50 });
    const before = store.metrics();
    for (let index = 0; index < 300; index += 1) {
      const sequence = stored(await store.outbox.put(message('x'.repeat(3_000))));
      stored(await store.outbox.remove(sequence));
    }
    const { commits, checkpoints, fsyncs, writtenBytes, fileBytes } = store.metrics();
    expect(statSync(path.join(rig.folder, 'store.db-wal')).size).toBeLessThan(100 * 4_200);
    expect(commits - before.commits).toBe(600);
    expect(checkpoints).toBeGreaterThan(10);
    expect(fsyncs - before.fsyncs).toBeGreaterThanOrEqual(600 + 2 * (checkpoints - 1));
    expect(writtenBytes).toBeGreaterThan(600 * 4_096);
    expect(fileBytes).toBeLessThan(100_000);
  });

  it('stays far below its bound with as many messages of the worst size as the outbox takes', async () => {
    const rig = openTestRig();
    const store = await rig.open({ pendingCountMax: 10_000, pendingBytesMax: 100_000_000 });
    const worst = message('x'.repeat(2_060)); // A little more than half a page.
    for (let index = 0; index < 4_500; index += 1) void store.outbox.put(worst);
    stored(await store.outbox.put(worst));
    expect(store.outbox.dropped.get('gpio.relay1')).toBeGreaterThan(100);
    expect(store.metrics().fileBytes).toBeLessThan(storeLimits.fileBytesMax / 2);
  });

  it('that met its bound fails with full, and works again when there is room', async () => {
    const rig = openTestRig();
    const store = await rig.open({ fileBytesMax: 200_000 });
    const sequences: number[] = [];
    let put = await store.outbox.put(message('x'.repeat(10_000)));
    for (; put.ok; put = await store.outbox.put(message('x'.repeat(10_000)))) sequences.push(put.value);
    expect(put).toMatchObject({ error: { kind: 'full' } });
    expect(sequences.length).toBeGreaterThan(5);
    await rig.clock.advance(1_000);
    await expect.poll(() => store.state).toBe('working');
    for (const sequence of sequences) stored(await store.outbox.remove(sequence));
    stored(await store.outbox.put(message('fits')));
    expect(await textsOf(store)).toEqual(['fits']);
  });
});

describe('the thread', () => {
  it('that cannot be started leaves the store in trouble, which says why', async () => {
    const told: string[] = [];
    const store = stored(
      await openStore({
        folder: makeFolder(),
        program: '/nowhere/agent.cjs',
        clock: createFakeClock(),
        log: silentLog,
        onTrouble: ({ detail }) => told.push(detail),
      }),
    );
    expect(store.state).toBe('io');
    expect(told.join()).toContain('/nowhere/agent.cjs');
    expect(await store.values.set('a', 'b')).toMatchObject({ ok: false, error: { kind: 'io' } });
    await store[Symbol.asyncDispose]();
  });

  it('is cut off when the disk takes longer than the bound to close', async () => {
    const rig = openTestRig();
    const store = await rig.open({ closeMsMax: 100 });
    const pending = store.outbox.put(message('late'));
    const closed = store[Symbol.asyncDispose]();
    await rig.clock.advance(100);
    await closed;
    const { ok } = await pending; // Either way, but it is told.
    expect(typeof ok).toBe('boolean');
    expect(await store.values.set('a', 'b')).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });
});
