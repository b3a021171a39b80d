import { existsSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../../drivers/system-error.ts';
import type { StoreMetrics } from '../../store/metrics.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { failed, pass, skip } from './outcome.ts';

const fix = 'restart the agent: it sets the damaged file aside and begins a new one';

/** In a running agent the store thread knows; nobody else can open its file. */
export function liveStoreTest(metrics: () => StoreMetrics | undefined): AtomicTest {
  return {
    id: 'store.integrity',
    title: 'store is sound and takes what must survive',
    run() {
      const store = metrics();
      if (store === undefined)
        return failed('the store is not open', 'look at the log for what the store said at start');
      if (store.state === 'working') return pass(`${store.writes} writes, ${store.failed} failed`);
      return failed(`the store says: ${store.state}`, 'look at the row disk.write, and at: qn-agent doctor');
    },
  };
}

/** Beside an agent that does not run. SQLite's own check, of the whole file. */
export function storedFileTest(stateFolder: string): AtomicTest {
  const file = path.join(stateFolder, 'store', 'store.db');
  return {
    id: 'store.integrity',
    title: 'store is sound and takes what must survive',
    async run() {
      if (!existsSync(file)) return skip('no store yet: the agent has not run here');
      const { DatabaseSync } = await import('node:sqlite');
      try {
        using database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
        return verdictOf(Object.values(database.prepare('PRAGMA integrity_check(1)').get() ?? {})[0]);
      } catch (error) {
        return errorOf(error);
      }
    },
  };
}

function verdictOf(answer: unknown): TestResult {
  return answer === 'ok' ? pass('integrity_check: ok') : failed(`integrity_check: ${String(answer)}`, fix);
}

/** SQLITE_BUSY: it is open, which it is not before it was checked. */
function errorOf(error: unknown): TestResult {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  if (code === 5) return pass('open in the running agent, which checked it');
  return failed(messageOf(error), fix);
}
