import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { command, message, textsOf } from '../../contract/store.stage.ts';
import { buildShim, shimMissing } from '../../support/disk-shim/shim.ts';
import { type FileRig, openFileRig, stored } from '../../support/store-rigs.ts';
import { textsIn } from '../../support/store-texts.ts';
import { until } from '../../support/until.ts';

const mountMissing = mountTrouble();

describe.skipIf(mountMissing !== undefined)(
  `a disk of 1 MB${mountMissing === undefined ? '' : ` (${mountMissing})`}`,
  () => {
    function openSmallDisk(): { rig: FileRig; disk: string } {
      const disk = mkdtempSync(path.join(tmpdir(), 'store-disk-'));
      mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk);
      onTestFinished(() => {
        system('umount', disk);
        rmSync(disk, { recursive: true });
      });
      const rig = openFileRig(disk);
      onTestFinished(() => rig[Symbol.asyncDispose]());
      return { rig, disk };
    }

    /** Leaves nothing, so that not even one page fits. */
    function fill(disk: string): string {
      const file = path.join(disk, 'fill');
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(file, Buffer.alloc(bavail * bsize));
      return file;
    }

    it('that is full when the store is first made is full, and nothing is damaged, in this life and the next', async () => {
      const { rig, disk } = openSmallDisk();
      const file = fill(disk);
      const store = await rig.open();
      for (let attempts = 0; attempts < 3; attempts += 1) {
        await rig.clock.advance(120_000);
        await new Promise((resolve) => setTimeout(resolve, 50)); // Of the thread.
      }
      expect([store.state, rig.told.map(({ kind }) => kind)]).toEqual(['full', ['full']]);
      await store[Symbol.asyncDispose]();
      const next = await rig.open();
      expect([next.state, rig.told.map(({ kind }) => kind)]).toEqual(['full', ['full', 'full']]);
      rmSync(file);
      await rig.clock.advance(120_000);
      await until(() => next.state === 'working', 'the store to work');
      expect(rig.told.map(({ kind }) => kind)).toEqual(['full', 'full', 'working']);
      stored(await next.journal.begin(command(1)));
    });

    it('that is full fails calls with full, tells it once, and takes them again when there is space', async () => {
      const { rig, disk } = openSmallDisk();
      const store = await rig.open();
      stored(await store.outbox.put(message('before')));
      stored(await store.journal.begin(command(1)));
      const file = fill(disk);
      const put = await store.outbox.put(message('x'.repeat(20_000)));
      expect(put).toMatchObject({ ok: false, error: { kind: 'full' } });
      expect(store.state).toBe('full');
      expect(await store.journal.begin(command(2))).toMatchObject({ ok: false, error: { kind: 'full' } });
      expect(store.journal.find(command(2))).toBeUndefined();
      const ended = await store.journal.end(command(1), { status: 'successful' });
      expect(ended).toMatchObject({ ok: false, error: { kind: 'full' } });
      await rig.clock.advance(100); // Not yet time to look again.
      expect(rig.told.map(({ kind }) => kind)).toEqual(['full']);
      expect(rig.told[0]?.fix).toContain('free space');

      rmSync(file);
      await rig.clock.advance(120_000);
      await until(() => store.state === 'working', 'the store to work again');
      expect(rig.told.map(({ kind }) => kind)).toEqual(['full', 'working']);
      stored(await store.outbox.put(message('after')));
      expect(await textsOf(store)).toEqual(['before', 'after']);
      expect(stored(await store.journal.begin(command(2)))).toBe('new');
      await rig.crash();
      const reopened = await rig.open();
      expect(reopened.journal.find(command(1))).toEqual({ status: 'successful' }); // Made good after the trouble.
    });

    it('that is full from the start lets the agent start, and is used when there is space', async () => {
      const { rig, disk } = openSmallDisk();
      const file = fill(disk);
      const store = await rig.open();
      expect(store.state).toBe('full');
      expect(await store.values.set('a', 'b')).toMatchObject({ ok: false, error: { kind: 'full' } });
      rmSync(file);
      await rig.clock.advance(2_000);
      await until(() => store.state === 'working', 'the store to work');
      stored(await store.values.set('a', 'b'));
      expect(await store.journal.interrupted).toEqual([]);
    });

    it('that is read-only fails calls with read-only, and is used when it can be written', async () => {
      const { rig, disk } = openSmallDisk();
      const first = await rig.open();
      stored(await first.outbox.put(message('before')));
      stored(await first.journal.begin(command(1)));
      await first[Symbol.asyncDispose]();
      mount('-o', 'remount,ro', disk);
      const store = await rig.open();
      expect(store.state).toBe('read-only');
      expect(await store.outbox.put(message('x'))).toMatchObject({ ok: false, error: { kind: 'read-only' } });
      mount('-o', 'remount,rw', disk);
      await rig.clock.advance(2_000);
      await until(() => store.state === 'working', 'the store to work');
      expect(rig.told.map(({ kind }) => kind)).toEqual(['read-only', 'working']);
      expect(await store.journal.interrupted).toMatchObject([{ id: 1n, deaths: 1 }]);
      expect(await textsOf(store)).toEqual(['before']);
    });
  },
);

describe.skipIf(shimMissing !== undefined)(
  `a disk that fails while it is used${shimMissing === undefined ? '' : ` (${shimMissing})`}`,
  () => {
    it.each([
      ['EIO', 'SHIM_FAULT', constants.errno.EIO, 'io'],
      ['ENOSPC', 'SHIM_FAULT', constants.errno.ENOSPC, 'full'],
      ['an hour for each sync', 'SHIM_SLOW', 3_600_000, 'io'],
    ] as const)(
      'with %s fails calls, tells it, and works again by itself without losing a row',
      async (_, variable, number, kind) => {
        const folder = mkdtempSync(path.join(tmpdir(), 'store-fault-'));
        onTestFinished(() => rmSync(folder, { recursive: true }));
        const fault = path.join(folder, 'fault');
        const store = path.join(folder, 'store');
        const appender = fileURLToPath(new URL('../../support/store-appender.ts', import.meta.url));
        const env = { ...process.env, LD_PRELOAD: buildShim(folder), SHIM_FOLDER: store, [variable]: fault };
        const child = spawn(process.execPath, [appender, store, '1000000', '2000'], {
          env,
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        const lines = collectLines(child);
        const has = (text: string, after = 0) =>
          until(() => lines.slice(after).some((line) => line.startsWith(text)), text, 10_000);
        await has('ok');
        const soundUntil = lines.length;
        writeFileSync(fault, String(number));
        await has(`state ${kind}`, soundUntil);
        await until(
          () => lines.slice(soundUntil).some((line) => line.startsWith('no ') && line.endsWith(kind)),
          'a call to fail',
        );
        rmSync(fault);
        const troubledAt = lines.length;
        await has('state working', troubledAt);
        await has('ok ', troubledAt);
        child.kill('SIGKILL');
        await until(() => child.signalCode !== null, 'the end of the child');

        const acknowledged = lines.filter((line) => line.startsWith('ok ')).map((line) => line.slice(3));
        const found = new Set(textsIn(store));
        expect(acknowledged.filter((text) => !found.has(text))).toEqual([]);
        expect(lines).not.toContain('state corrupt');
      },
    );
  },
);

function collectLines(child: ChildProcess): string[] {
  const lines: string[] = [];
  if (child.stdout === null) throw new Error('the child has no output');
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  return lines;
}

function system(program: string, ...args: string[]) {
  return spawnSync(program, args);
}

function mount(...args: string[]): void {
  const { status, stderr } = system('mount', ...args);
  if (status !== 0) throw new Error(`mount ${args.join(' ')}: ${stderr.toString()}`);
}

function mountTrouble(): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting a tmpfs needs root';
  const folder = mkdtempSync(path.join(tmpdir(), 'store-mount-'));
  const { status, stderr } = system('mount', '-t', 'tmpfs', 'tmpfs', folder);
  if (status === 0) system('umount', folder);
  rmSync(folder, { recursive: true });
  return status === 0 ? undefined : `mount is not possible: ${stderr?.toString().trim() ?? 'no mount'}`;
}
