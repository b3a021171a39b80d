import type { DigitalOutput, Level, OutputRequest } from '../../../drivers/contract/digital.ts';
import { ok, type Result } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard, type MemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { digitalOutputSuite } from '../digital-output.suite.ts';

const line = 'GPIO17';
const other = (level: Level): Level => (level === 1 ? 0 : 1);
const otherInitial = (initial: OutputRequest['initial']) => (initial === 'as-is' ? initial : other(initial));

plant('inverts the level, and what it reads back as well', {
  request: (request) => ({ ...request, initial: otherInitial(request.initial) }),
  output: (output) => ({
    ...output,
    write: (level) => output.write(other(level)),
    readBack() {
      const read = output.readBack();
      return read.ok ? ok(other(read.value)) : read;
    },
  }),
});

plant('goes through low on its way to any level', {
  output: (output) => ({
    ...output,
    write(level) {
      output.write(0);
      return output.write(level);
    },
  }),
});

plant('opens low and then drives the first level', {
  request: (request) => ({ ...request, initial: 0 }),
  opened: (output, { initial }) => void (output.write(1), output.write(0), output.write(initial === 1 ? 1 : 0)),
});

plant('drives low where it should take over what it finds', {
  request: (request) => (request.initial === 'as-is' ? { ...request, initial: 0 } : request),
});

plant('answers from memory after disposal', {
  output(output) {
    let remembered: Level = 0;
    return {
      ...output,
      write(level) {
        remembered = level;
        return output.write(level);
      },
      readBack: () => ok(remembered),
    };
  },
});

plant('never gives the line back', { output: (output) => ({ ...output, async [Symbol.asyncDispose]() {} }) });

plant('lets two have the same line', { sharesLines: true });

interface Fault {
  readonly request?: (request: OutputRequest) => OutputRequest;
  readonly opened?: (output: DigitalOutput, request: OutputRequest) => void;
  readonly output?: (output: DigitalOutput) => DigitalOutput;
  readonly sharesLines?: true;
}

function plant(name: string, fault: Fault): void {
  digitalOutputSuite(name, async () => {
    const board = createMemoryBoard({ lines: [line] });
    const sound = createSimulatedGpio(fault.sharesLines ? shared(board) : board);
    const openOutput = async (request: OutputRequest): Promise<Result<DigitalOutput>> => {
      const opened = await sound.openOutput(fault.request?.(request) ?? request);
      if (!opened.ok) return opened;
      fault.opened?.(opened.value, request);
      return ok(fault.output?.(opened.value) ?? opened.value);
    };
    const wire = board.wire(line);
    return {
      backend: { ...sound, openOutput },
      line,
      absentLine: 'GPIO99',
      level: () => wire.level,
      changes: () => wire.edges.map((edge) => edge.level),
      leave: (level) => wire.pull(level),
      [Symbol.asyncDispose]: () => sound[Symbol.asyncDispose](),
    };
  });
}

function shared(board: MemoryBoard): MemoryBoard {
  return {
    ...board,
    claim(name, consumer) {
      const claimed = board.claim(name, consumer);
      if (claimed.ok) claimed.value.release();
      return claimed;
    },
  };
}
