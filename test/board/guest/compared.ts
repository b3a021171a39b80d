import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { digitalInputSuite } from '../../contract/digital-input.suite.ts';
import { digitalOutputSuite } from '../../contract/digital-output.suite.ts';
import { runTests } from './vitest.ts';

/* Runs on the host, for ../guest-runner.test.ts: suites that must pass, and suites with faults planted. */

const createRig = async () => {
  const board = createMemoryBoard({ lines: ['GPIO17'] });
  const wire = board.wire('GPIO17');
  return {
    backend: createSimulatedGpio(board),
    line: 'GPIO17',
    absentLine: 'GPIO99',
    level: () => wire.level,
    pull: (level: 0 | 1) => wire.pull(level),
    isFast: true as const,
    async [Symbol.asyncDispose]() {},
  };
};
digitalOutputSuite('sound', createRig);
digitalInputSuite('sound', createRig);

// Its suites are planned when it is imported.
void import('../../contract/faults/output.fault.ts').then(() =>
  runTests((result) => console.log(JSON.stringify(result))),
);
