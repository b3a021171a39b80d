import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { build } from './build.ts';

/**
 * `npm test`: builds the bundle that the end-to-end tests run, then every test; the last line is
 * `N passed, N failed`. Operands are handed to vitest: `npm test -- test/agent/qn`.
 */
if (existsSync('/usr/sbin')) process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`; // Debian's mosquitto.
await build();
const reporters = ['--reporter=default', '--reporter=./test/support/closing-line.ts'];
const vitest = 'node_modules/vitest/vitest.mjs';
const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 70;
