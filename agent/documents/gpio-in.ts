import { fail, ok } from '../../drivers/contract/result.ts';
import type { GpioInConfig } from '../config/config.ts';
import { createDebounce } from './debounce.ts';
import { openGuardedInput } from './guarded-input.ts';
import type { DocumentKind } from './kind.ts';
import { levelOf } from './level.ts';

/** A button, a door contact: one line that is observed. Its value is a boolean; each change is an event as well. */
export const gpioIn: DocumentKind<GpioInConfig> = {
  plan: () => fail({ reason: 'unsupported', detail: 'this document is an input; query it, or notify an output' }),

  async open(config, surroundings) {
    const { clock, gpio, changed, happened, troubled } = surroundings;
    if (!gpio.ok) return gpio;
    const request = { line: config.line, bias: config.bias, consumer: 'qn-agent' };
    const onLevel = levelOf(config, true);
    let isStormy = false;
    let isWell = true;
    const debounce = createDebounce(config.debounceMs, clock, ({ level }) => {
      changed(level === onLevel);
      happened(level === onLevel);
    });
    const opened = await openGuardedInput({ clock, gpio: gpio.value }, request, config.storm, {
      edge: debounce.edge,
      found(level) {
        debounce.begin(level);
        changed(level === onLevel);
        if (isStormy) happened({ disabled: false });
        if (!isWell) troubled(undefined);
        isStormy = false;
        isWell = true;
      },
      stormed(error) {
        debounce.end();
        if (!isStormy) happened({ disabled: 'storm' });
        isStormy = true;
        isWell = false;
        troubled(error);
      },
      failed(error) {
        debounce.end();
        isWell = false;
        troubled(error);
      },
    });
    if (!opened.ok) return opened;
    const input = opened.value;
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
