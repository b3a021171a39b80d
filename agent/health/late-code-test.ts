import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../clock.ts';
import { cutInstallationFix } from '../missing-part.ts';
import { codeTestAfterMs } from './limits.ts';
import type { AtomicTest } from './self-test.ts';
import type { CodeSubjects } from './tests/code.ts';

/**
 * After an installation that was cut, files of two versions lie beside each other. To know that, all of them are read: the
 * start does not wait for it.
 */
export function testCodeLate(
  clock: Clock,
  code: CodeSubjects | undefined,
  run: (test: AtomicTest) => Promise<void>,
): Disposable {
  const test = lateCodeTest(code);
  return test === undefined ? { [Symbol.dispose]() {} } : clock.after(codeTestAfterMs, () => void run(test));
}

/** Undefined where there is nothing to compare, as for a program that was copied alone. */
function lateCodeTest(code: CodeSubjects | undefined): AtomicTest | undefined {
  if (code === undefined || code.isFromSource || code.single !== undefined) return undefined;
  if (!existsSync(path.join(code.folder, 'manifest.json'))) return undefined;
  return {
    id: 'code.files',
    title: 'files of the agent are the ones that were built',
    async run(signal) {
      try {
        const { codeTest } = await import('./tests/code.ts'); // A part, which may be of another version itself.
        return await codeTest(code).run(signal);
      } catch (error) {
        return { status: 'fail', detail: `they cannot be compared: ${String(error)}`, fix: cutInstallationFix };
      }
    },
  };
}
