import { expect, it } from 'vitest';
import { stored } from '../support/store-rigs.ts';
import { bootId, command, type StoreStage } from './store.stage.ts';

export function storeJournalCases(stage: StoreStage): void {
  it('knows a command by sender, id and document', async () => {
    const { journal } = await stage.rig.open();
    expect(journal.find(command(1))).toBeUndefined();
    expect(stored(await journal.begin(command(1)))).toBe('new');
    expect(stored(await journal.begin(command(1)))).toBe('under-way');
    for (const other of [command(2), command(1, 'gpio.relay2'), { ...command(1), source: 'phone' }]) {
      expect(stored(await journal.begin(other))).toBe('new');
    }
  });

  it('says under way to a second delivery while the first is on its way to the disk', async () => {
    const { journal } = await stage.rig.open();
    const [first, second] = await Promise.all([journal.begin(command(1)), journal.begin(command(1))]);
    expect([stored(first), stored(second)]).toEqual(['new', 'under-way']);
  });

  it('tells the first outcome to a second delivery, also after a crash', async () => {
    const { journal } = await stage.rig.open();
    stored(await journal.begin(command(1)));
    stored(await journal.execute(command(1)));
    stored(await journal.end(command(1), { status: 'successful' }));
    stored(await journal.begin(command(2)));
    stored(await journal.end(command(2), { status: 'failed', reason: 'driver-timeout' }));
    const check = async ({ begin }: Pick<typeof journal, 'begin'>) => {
      expect(stored(await begin(command(1)))).toEqual({ status: 'successful' });
      expect(stored(await begin(command(2)))).toEqual({ status: 'failed', reason: 'driver-timeout' });
    };
    await check({ begin: (asked) => journal.begin(asked) });
    const after = await stage.reopenAfterCrash();
    await check({ begin: (asked) => after.journal.begin(asked) });
    expect(await after.journal.interrupted).toEqual([]);
  });

  it('tells after a crash what was under way, oldest first, with all that was given', async () => {
    const { journal } = await stage.rig.open();
    const id = 2n ** 64n - 1n;
    stored(await journal.begin({ ...command(1), id, body: Buffer.from('{"val":"on"}') }));
    stored(await journal.execute({ ...command(1), id }));
    stored(await journal.begin(command(2)));
    const after = await stage.reopenAfterCrash();
    const [first, second, ...rest] = await after.journal.interrupted;
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ source: 'panel', id, document: 'gpio.relay1', bootId, atMs: 1_001 });
    expect(first).toMatchObject({ status: 'executing', deaths: 1, verdict: 'interrupted' });
    expect(Buffer.from(first?.body ?? []).toString()).toBe('{"val":"on"}');
    expect(second).toMatchObject({ id: 2n, status: 'accepted', deaths: 1 });
    expect(stored(await after.journal.begin(command(2)))).toBe('under-way');
    stored(await after.journal.end(command(2), { status: 'failed', reason: 'interrupted' }));
    expect(stored(await after.journal.begin(command(2)))).toEqual({ status: 'failed', reason: 'interrupted' });
    stored(await after.journal.execute({ ...command(1), id })); // Resumed.
    stored(await after.journal.end({ ...command(1), id }, { status: 'successful' }));
  });

  it('gives up a command that was under way at three ends of the agent', async () => {
    const { journal } = await stage.rig.open();
    stored(await journal.begin(command(1)));
    for (const deaths of [1, 2]) {
      const { journal: after } = await stage.reopenAfterCrash();
      expect(await after.interrupted).toMatchObject([{ id: 1n, deaths, verdict: 'interrupted' }]);
      stored(await after.execute(command(1)));
    }
    const third = await stage.reopenAfterCrash();
    expect(await third.journal.interrupted).toMatchObject([{ id: 1n, deaths: 3, verdict: 'state-loop' }]);
    expect(third.journal.find(command(1))).toEqual({ status: 'failed', reason: 'interrupted' });
    const fourth = await stage.reopenAfterCrash();
    expect(await fourth.journal.interrupted).toEqual([]);
    expect(stored(await fourth.journal.begin(command(1)))).toEqual({ status: 'failed', reason: 'interrupted' });
  });

  it('forgets the oldest that ended when one more than the bound begins', async () => {
    const store = await stage.rig.open({ journalCountMax: 3 });
    for (const id of [1, 2, 3]) stored(await store.journal.begin(command(id)));
    stored(await store.journal.end(command(2), { status: 'successful' }));
    stored(await store.journal.end(command(3), { status: 'successful' }));
    expect(store.journal.find(command(2))).toEqual({ status: 'successful' });
    stored(await store.journal.begin(command(4)));
    const check = ({ find }: { find: typeof store.journal.find }) =>
      [1, 2, 3, 4].map((id) => (find(command(id)) === undefined ? 'forgotten' : 'known'));
    expect(check({ find: (key) => store.journal.find(key) })).toEqual(['known', 'forgotten', 'known', 'known']);
    const after = await stage.reopenAfterCrash({ journalCountMax: 3 });
    expect(check({ find: (key) => after.journal.find(key) })).toEqual(['known', 'forgotten', 'known', 'known']);
  });

  it('never forgets what is under way: with nothing else there, one more is overloaded', async () => {
    const { journal } = await stage.rig.open({ journalCountMax: 2 });
    stored(await journal.begin(command(1)));
    stored(await journal.begin(command(2)));
    expect(await journal.begin(command(3))).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    stored(await journal.end(command(1), { status: 'successful' }));
    expect(stored(await journal.begin(command(3)))).toBe('new');
  });

  it('forgets what ended so long ago, and not because the wall clock jumped', async () => {
    const { journal } = await stage.rig.open({ journalAgeMsMax: 60_000 });
    stored(await journal.begin(command(1)));
    stored(await journal.end(command(1), { status: 'successful' }));
    stage.rig.clock.stepWall(50 * 365 * 86_400_000);
    stored(await journal.begin(command(2)));
    expect(journal.find(command(1))).toEqual({ status: 'successful' });
    await stage.rig.clock.advance(60_000);
    stored(await journal.begin(command(3)));
    expect(journal.find(command(1))).toBeUndefined();
    expect(journal.find(command(2))).toBe('under-way');
  });

  it('lets a command that had no effect be tried again', async () => {
    const { journal } = await stage.rig.open();
    stored(await journal.begin(command(1)));
    stored(await journal.forget(command(1)));
    stored(await journal.forget(command(5)));
    const after = await stage.reopenAfterCrash();
    expect(await after.journal.interrupted).toEqual([]);
    expect(stored(await after.journal.begin(command(1)))).toBe('new');
  });

  it('refuses a sender of 129 bytes, and bodies beyond the bound of all', async () => {
    const { journal } = await stage.rig.open({ journalBytesMax: 100 });
    expect(stored(await journal.begin({ ...command(1), source: 'x'.repeat(128) }))).toBe('new');
    const long = await journal.begin({ ...command(1), source: 'x'.repeat(129) });
    expect(long).toMatchObject({ ok: false, error: { kind: 'too-large' } });
    const body = new Uint8Array(100);
    expect(stored(await journal.begin({ ...command(2), body }))).toBe('new');
    const third = { ...command(3), body: new Uint8Array(1) };
    expect(await journal.begin(third)).toMatchObject({ ok: false, error: { kind: 'overloaded' } });
    stored(await journal.end(command(2), { status: 'successful' })); // The body is gone with the end.
    expect(stored(await journal.begin(third))).toBe('new');
  });

  it('takes it for our own mistake when a command ends that is not under way', async () => {
    const { journal } = await stage.rig.open();
    expect(() => journal.end(command(1), { status: 'successful' })).toThrow('never began');
    stored(await journal.begin(command(1)));
    stored(await journal.end(command(1), { status: 'successful' }));
    expect(() => journal.execute(command(1))).toThrow('ended');
  });
}
