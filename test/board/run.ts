import { spawnSync } from 'node:child_process';
import { build } from '../../build/build.ts';

/**
 * `npm run test:board`: boots the emulated boards and runs what board.test.ts says; with `safe-states` behind it what
 * safe-states.test.ts says. Operands that begin with a dash go to vitest.
 */
const operands = process.argv.slice(2);
const names = operands.filter((operand) => !operand.startsWith('-'));
const files = (names.length === 0 ? ['board'] : names).map((name) => `test/board/${name}.test.ts`);
await build();
const reporters = ['--reporter=verbose', '--reporter=./test/support/closing-line.ts'];
const vitest = 'node_modules/vitest/vitest.mjs';
const options = [...reporters, ...operands.filter((operand) => operand.startsWith('-'))];
const { status } = spawnSync(process.execPath, [vitest, 'run', ...files, ...options], { stdio: 'inherit' });
process.exitCode = status ?? 70;
