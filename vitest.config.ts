import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The emulated boards take longest, and leave the processor to everybody else: they begin first. */
class BoardFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isBoard = ({ moduleId }: TestSpecification) =>
      Number(/test\/board\/(board|safe-states)\.test\.ts$/.test(moduleId));
    return (await super.sort(files)).toSorted((left, right) => isBoard(right) - isBoard(left));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/temporary-folder.ts',
    testTimeout: 20_000,
    hookTimeout: 60_000,
    pool: 'forks',
    sequence: { sequencer: BoardFirst },
  },
});
