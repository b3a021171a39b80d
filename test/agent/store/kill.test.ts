import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { silentLog } from '../../../agent/log.ts';
import { openStore } from '../../../agent/store/open-store.ts';
import { stored, storeProgram } from '../../support/store-rigs.ts';

const appender = fileURLToPath(new URL('../../support/store-appender.ts', import.meta.url));
const killsCount = 25;

it(`keeps every acknowledged row through ${killsCount} kills, in order, and tells no damage`, {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'store-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const acknowledged: string[] = [];
  for (let kill = 1; kill <= killsCount; kill += 1) {
    const before = acknowledged.length;
    const child = spawn(process.execPath, [appender, folder, '1000000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    acknowledged.push(...(await acknowledgedUntilKilled(child, 1 + Math.floor(Math.random() * 200))));
    expect(acknowledged.length, `kill ${kill}`).toBeGreaterThan(before);
  }
  const trouble: string[] = [];
  const onTrouble = ({ kind }: { kind: string }) => void trouble.push(kind);
  await using store = stored(
    await openStore({ folder, program: storeProgram, clock: systemClock, log: silentLog, onTrouble }),
  );
  const found: string[] = [];
  for (let after = 0, isEnd = false; !isEnd; ) {
    const page = stored(await store.outbox.oldest(1_000, after));
    found.push(...page.map(({ bytes }) => Buffer.from(bytes).toString().replace(/\.+$/, '')));
    after = page.at(-1)?.sequence ?? after;
    isEnd = page.length === 0;
  }
  const places = new Map(found.map((text, place) => [text, place]));
  expect(places.size).toBe(found.length);
  // The outbox has a bound: what is behind its first message must be there, without a gap and in order.
  const oldest = acknowledged.findIndex((text) => places.has(text));
  const kept = acknowledged.slice(oldest).map((text) => places.get(text));
  expect(kept).not.toContain(undefined);
  expect(kept).toEqual(kept.toSorted((left, right) => (left ?? 0) - (right ?? 0)));
  expect(acknowledged.slice(0, oldest)).toEqual([]);
  expect(trouble).toEqual([]);
});

/** Kills the process after so many acknowledgements; what it had written by then counts. */
async function acknowledgedUntilKilled(child: ChildProcess, count: number): Promise<string[]> {
  if (child.stdout === null) throw new Error('the child has no output');
  const exited = once(child, 'exit');
  const texts: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const text = /^ok (\S+)$/.exec(line)?.[1];
    if (text !== undefined) texts.push(text);
    if (texts.length === count) child.kill('SIGKILL');
  }
  await exited;
  return texts;
}
