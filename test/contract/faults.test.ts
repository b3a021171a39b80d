import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { catches } from './faults/catches.ts';

let failed: ReadonlySet<string>;

beforeAll(async () => {
  failed = await runFaults();
});

test.for(catches)('%s: caught by "%s"', ([fault, title]) => {
  expect([...failed]).toContain(`${fault} ${title}`);
});

async function runFaults(): Promise<ReadonlySet<string>> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  const reportFile = join(folder, 'report.json');
  const options = ['run', '--config', 'test/contract/faults/vitest.config.ts', '--reporter=json'];
  const child = spawn(process.execPath, [vitest, ...options, `--outputFile=${reportFile}`], { stdio: 'ignore' });
  await once(child, 'exit');
  const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  rmSync(folder, { recursive: true });
  const results = testResults.flatMap((file) => file.assertionResults);
  return new Set(results.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName));
}

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { status: string; fullName: string }[] }[];
}
