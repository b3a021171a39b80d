import { closeSync, openSync } from 'node:fs';
import type { GpioBackend, Level } from '../../../drivers/contract/digital.ts';
import { ok, type Result } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { digitalInputSuite } from '../digital-input.suite.ts';
import { digitalOutputSuite } from '../digital-output.suite.ts';

const line = 'GPIO17';
/** Closed at the end, so that only the fault leaks and not the test. */
const leaked: number[] = [];
process.once('exit', () => {
  for (const file of leaked) closeSync(file);
});

// Not for inputs: each test would wait for an edge that does not come.
const beside = plant((sound) => ({
  ...sound,
  openOutput: (request) => sound.openOutput(request.line === line ? { ...request, line: 'GPIO18' } : request),
}));
digitalOutputSuite('takes the line beside', beside);

const leaking = plant((sound) => ({
  ...sound,
  openOutput: async (request) => leak(await sound.openOutput(request)),
  openInput: async (request) => leak(await sound.openInput(request)),
}));
digitalOutputSuite('never closes its file', leaking);
digitalInputSuite('never closes its file', leaking);

const stale = plant((sound) => ({
  ...sound,
  async openOutput(request) {
    const opened = await sound.openOutput(request);
    if (!opened.ok) return opened;
    const output = opened.value;
    const readBack = readOnce(() => output.readBack());
    return ok({ ...output, readBack });
  },
  async openInput(request) {
    const opened = await sound.openInput(request);
    if (!opened.ok) return opened;
    const input = opened.value;
    const read = readOnce(() => input.read());
    return ok({ ...input, read });
  },
}));
digitalOutputSuite('reads once and remembers', stale);
digitalInputSuite('reads once and remembers', stale);

function readOnce(read: () => Result<Level>): () => Result<Level> {
  let first: Result<Level> | undefined;
  return () => {
    first ??= read();
    return first;
  };
}

function leak<Line>(opened: Result<Line>): Result<Line> {
  if (opened.ok) leaked.push(openSync('/dev/null', 'r'));
  return opened;
}

function plant(fault: (sound: GpioBackend) => GpioBackend) {
  return async () => {
    const board = createMemoryBoard({ lines: [line, 'GPIO18'] });
    const backend = fault(createSimulatedGpio(board));
    const wire = board.wire(line);
    return {
      backend,
      line,
      absentLine: 'GPIO99',
      level: () => wire.level,
      changes: () => wire.edges.map((edge) => edge.level),
      pull: (level: Level) => wire.pull(level),
      isFast: true as const,
      [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    };
  };
}
