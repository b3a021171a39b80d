import { countBoot } from '../../agent/cli/choose-config.ts';
import { checkValue } from '../../agent/config/check-value.ts';
import { type BootConfig, bootConfig } from '../../agent/config/generations/boot-config.ts';
import { contentOf, type Generation } from '../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../agent/config/generations/keeper.ts';
import type { LoadedConfig } from '../../agent/config/load.ts';
import { silentLog } from '../../agent/log.ts';
import type { Value } from '../../agent/qn/message.ts';
import { ok, type Result } from '../../drivers/contract/result.ts';
import { CutFiles } from './cut-files.ts';
import { createFakeClock } from './fake-clock.ts';

/** From the start of an agent to its end. One that is not stopped was cut off. */
export interface KeptLife {
  readonly booted: BootConfig | undefined;
  /** Takes a config over the air; it proved itself. */
  push(value: Value): Promise<void>;
  run(ms: number): Promise<void>;
  stop(): Promise<void>;
}

/** The disk of a board, the configs it keeps there, and what is booted from it. */
export class KeptBoard {
  readonly files: CutFiles;

  constructor(files: CutFiles = new CutFiles(new Map())) {
    this.files = files;
  }

  /** With this config file. */
  async start(file: Value, kernelBoot = 'k'): Promise<KeptLife> {
    const keeper = await ConfigKeeper.open(this.files, '/s');
    const clock = createFakeClock();
    const check = (value: Value) => {
      const checked = checkValue(value, {});
      return checked.ok ? ok(checked.value.checked) : checked;
    };
    const booted = await bootConfig({ keeper, kernelBoot, path: 'file', clock, check }, loadedFrom(file));
    const boot = booted ?? { from: 'safe' };
    const counted = countBoot({ clock }, silentLog, { boot, home: { keeper } });
    let running = booted?.generation;
    return {
      booted,
      async push(value) {
        if (running === undefined) throw new Error('nothing runs');
        const next: Generation = {
          ...running,
          ...{ version: running.version + 1, origin: 'push', atMs: clock.wallMs(), value, file: contentOf(file) },
        };
        const { version, author, origin, atMs } = next;
        await keeper.begin({ to: contentOf(value), version, author, origin, atMs }, next);
        await keeper.commit(next, running);
        await keeper.told();
        running = next;
      },
      run: (ms) => clock.advance(ms),
      stop: async () => await counted[Symbol.asyncDispose](),
    };
  }

  /** Starts so often and is cut off each time; what ran in the last one. */
  async crash(count: number, file: Value): Promise<Value | undefined> {
    let life: KeptLife | undefined;
    for (let index = 0; index < count; index += 1) life = await this.start(file);
    return life?.booted?.generation.value;
  }
}

export function loadedFrom(value: Value): Result<LoadedConfig, never> {
  const checked = checkValue(value, {});
  if (!checked.ok) throw new Error(JSON.stringify(checked.error));
  return ok({ checked: checked.value.checked, written: Object(value), files: ['config.yaml'], warnings: [] });
}
