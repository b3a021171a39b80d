import { spawnSync } from 'node:child_process';
import { build } from '../../build/build.ts';

/** `npm run test:board`: boots the emulated board and runs its tests, as board.test.ts says; other operands go to vitest. */
await build();
const reporters = ['--reporter=verbose', '--reporter=./test/support/closing-line.ts'];
const vitest = 'node_modules/vitest/vitest.mjs';
const { status } = spawnSync(process.execPath, [vitest, 'run', 'test/board', ...reporters, ...process.argv.slice(2)], {
  stdio: 'inherit',
});
process.exitCode = status ?? 70;
