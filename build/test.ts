import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { build } from './build.ts';
import { tellHelp } from './script-options.ts';

tellHelp({
  command: 'npm test',
  summary:
    'Builds the bundle that the end-to-end tests run, then runs every test, or those in the files that are named; the last\n' +
    'line is `N passed, N failed`. Everything that is typed goes to vitest, options as well.',
  options: {},
  operands: { value: 'FILE' },
});
if (existsSync('/usr/sbin')) process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`; // Debian's mosquitto.
await build();
const reporters = ['--reporter=default', '--reporter=./test/support/closing-line.ts'];
const vitest = 'node_modules/vitest/vitest.mjs';
const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 70;
