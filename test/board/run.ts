import { spawnSync } from 'node:child_process';
import { build } from '../../build/build.ts';
import { tellHelp } from '../../build/script-options.ts';

tellHelp({
  command: 'npm run test:board',
  summary: 'Boots emulated boards and runs on them what NAME.test.ts says. Options go to vitest.',
  options: {},
  operands: {
    value: 'NAME',
    names: {
      board: 'contracts, native file and self-test (default)',
      'safe-states': 'the matrix of safe states at the wire',
    },
  },
});
const operands = process.argv.slice(2);
const names = operands.filter((operand) => !operand.startsWith('-'));
const files = (names.length === 0 ? ['board'] : names).map((name) => `test/board/${name}.test.ts`);
await build();
const reporters = ['--reporter=verbose', '--reporter=./test/support/closing-line.ts'];
const vitest = 'node_modules/vitest/vitest.mjs';
const options = [...reporters, ...operands.filter((operand) => operand.startsWith('-'))];
const { status } = spawnSync(process.execPath, [vitest, 'run', ...files, ...options], { stdio: 'inherit' });
process.exitCode = status ?? 70;
