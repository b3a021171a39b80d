import type { Edge, Level } from '../../drivers/contract/digital.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import type { GpioInConfig } from '../config/config.ts';
import { levelOf } from './gpio-out.ts';
import type { DocumentKind, DocumentSurroundings } from './kind.ts';

/** A button, a door contact: one line that is observed. Its value is a boolean; each change is an event as well. */
export const gpioIn: DocumentKind<GpioInConfig> = {
  plan: () => fail({ reason: 'unsupported', detail: 'this document is an input; query it, or notify an output' }),

  async open(config, surroundings) {
    if (!surroundings.gpio.ok) return surroundings.gpio;
    const { line, bias } = config;
    const opened = await surroundings.gpio.value.openInput({ line, bias, consumer: 'qn-agent' });
    if (!opened.ok) return opened;
    const input = opened.value;
    const onLevel = levelOf(config, true);
    const debounce = createDebounce(config.debounceMs, surroundings.clock, (level) => {
      surroundings.changed(level === onLevel);
      surroundings.happened(level === onLevel);
    });
    input.onEdge((edge) => debounce.edge(edge));
    const first = input.read();
    if (!first.ok) {
      await input[Symbol.asyncDispose]();
      return first;
    }
    debounce.begin(first.value);
    surroundings.changed(first.value === onLevel);
    return ok({
      perform: () => ok(),
      probe() {
        const level = input.read();
        return level.ok ? ok(`reads ${level.value}`) : level;
      },
      async [Symbol.asyncDispose]() {
        debounce.end();
        await input[Symbol.asyncDispose]();
      },
    });
  },
};

interface Debounce {
  begin(level: Level): void;
  edge(edge: Edge): void;
  end(): void;
}

/** Tells a level once it was stable for `stableMs`; a bounce back to the told level tells nothing. */
function createDebounce(
  stableMs: number,
  clock: DocumentSurroundings['clock'],
  tell: (level: Level) => void,
): Debounce {
  let told: Level | undefined;
  let waiting: Disposable | undefined;
  const settle = (level: Level) => {
    waiting = undefined;
    if (level === told) return;
    told = level;
    tell(level);
  };
  const end = () => {
    waiting?.[Symbol.dispose]();
    waiting = undefined;
  };
  return {
    begin(level) {
      told = level;
    },
    edge({ level }) {
      end();
      if (stableMs === 0) return settle(level);
      waiting = clock.after(stableMs, () => settle(level));
    },
    end,
  };
}
