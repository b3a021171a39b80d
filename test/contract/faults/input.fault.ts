import type { DigitalInput, Edge, InputRequest } from '../../../drivers/contract/digital.ts';
import { ok, type Result } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { digitalInputSuite } from '../digital-input.suite.ts';

const line = 'GPIO17';
type Tell = (edge: Edge) => void;

plant('tells each edge twice', (tell) => (edge) => {
  tell(edge);
  tell(edge);
});

plant('swallows every tenth pair of edges', (tell) => {
  let seenCount = 0;
  return (edge) => {
    seenCount += 1;
    if (seenCount % 20 > 1) tell(edge);
  };
});

plant('stamps edges backwards', (tell) => {
  let atNs = 1_000n;
  return (edge) => {
    atNs -= 1n;
    tell({ level: edge.level, atNs });
  };
});

plant('tells the inverse level', (tell) => (edge) => tell({ ...edge, level: edge.level === 1 ? 0 : 1 }));

function plant(name: string, fault: (tell: Tell) => Tell): void {
  digitalInputSuite(name, async () => {
    const board = createMemoryBoard({ lines: [line] });
    const sound = createSimulatedGpio(board);
    const openInput = async (request: InputRequest): Promise<Result<DigitalInput>> => {
      const opened = await sound.openInput(request);
      if (!opened.ok) return opened;
      const input = opened.value;
      return ok({ ...input, onEdge: (tell) => input.onEdge(fault(tell)) });
    };
    return {
      backend: { ...sound, openInput },
      line,
      absentLine: 'GPIO99',
      pull: (level) => board.wire(line).pull(level),
      isFast: true,
      [Symbol.asyncDispose]: () => sound[Symbol.asyncDispose](),
    };
  });
}
