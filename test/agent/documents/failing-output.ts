import type { GpioOutConfig } from '../../../agent/config/config.ts';
import { gpioOut } from '../../../agent/documents/gpio-out.ts';
import type { OpenDocument } from '../../../agent/documents/kind.ts';
import type { GpioBackend, Level } from '../../../drivers/contract/digital.ts';
import { fail } from '../../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { valueOf } from '../../support/value-of.ts';
import { type WatchedSurroundings, watchSurroundings } from './surroundings.ts';

const safe = { boot: false, exit: false, crash: 'hold', configError: false } as const;
const relay: GpioOutConfig = {
  driver: 'gpio-out',
  line: 'A',
  active: 'high',
  safe,
  minDwellMs: 0,
  priority: 'normal',
  retained: 'refuse',
};

interface FailingOptions {
  readonly config?: Partial<Omit<GpioOutConfig, 'safe'>>;
  readonly safe?: Partial<GpioOutConfig['safe']>;
  readonly surroundings?: Partial<WatchedSurroundings>;
  /** The wire is high before anybody opens it. */
  readonly isFoundOn?: boolean;
  readonly failsAtFirst?: number;
  /** What fails has taken effect all the same: only the answer was lost. */
  readonly isDone?: true;
}

/**
 * A relay behind a bus that loses writes: the next `fails(count)` of them, and then none. With `crash: hold`, so that
 * nothing makes good what was lost.
 */
export async function openFailing(options: FailingOptions = {}) {
  const board = createMemoryBoard();
  if (options.isFoundOn === true) board.wire('A').pull(1);
  let failuresLeftCount = options.failsAtFirst ?? 0;
  let writesCount = 0;
  const gpio = losing(
    createSimulatedGpio(board),
    () => {
      writesCount += 1;
      failuresLeftCount -= 1;
      return failuresLeftCount >= 0;
    },
    options.isDone === true,
  );
  const safeStates: (string | undefined)[] = [];
  const told = watchSurroundings({ gpio });
  const surroundings = { ...told, safe: (why?: string) => void safeStates.push(why), ...options.surroundings };
  const config = { ...relay, ...options.config, safe: { ...safe, ...options.safe } };
  const document: OpenDocument = valueOf(await gpioOut.open(config, surroundings));
  return {
    document,
    clock: surroundings.clock,
    wire: board.wire('A'),
    changes: told.changes,
    events: told.events,
    troubles: told.troubles,
    safeStates,
    levels: () => board.wire('A').edges.map(({ level }) => level),
    writesCount: () => writesCount,
    fails(count: number) {
      failuresLeftCount = count;
    },
  };
}

function losing(gpio: GpioBackend, isLost: () => boolean, isDone: boolean): GpioBackend {
  return {
    ...gpio,
    async openOutput(request) {
      const opened = await gpio.openOutput(request);
      if (!opened.ok) return opened;
      const { write } = opened.value;
      const lost = fail({ kind: 'io', operation: 'write', resource: 'A', detail: 'EREMOTEIO' } as const);
      const lossy = (level: Level) => {
        if (!isLost()) return write(level);
        if (isDone) write(level);
        return lost;
      };
      return { ok: true, value: { ...opened.value, write: lossy } };
    },
  };
}
