import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatPwm, type PwmBackend } from './contract/pwm.ts';
import { fail, ok } from './contract/result.ts';
import { simulatedLinesCountMax } from './limits.ts';
import { createPwmOutput, type PwmChannel } from './pwm/output.ts';
import { codeOf, driverError, systemError } from './system-error.ts';

/** What a meter at the channel shows. */
export interface PwmWave {
  readonly frequencyHz: number;
  readonly duty: number;
}

/** Where the waves of simulated channels are kept, by `pwmchip0:0`. Throws what the system said. */
export interface PwmWaves {
  get(name: string): PwmWave | undefined;
  set(name: string, wave: PwmWave): void;
}

/** PWM without hardware: the same contract, every chip has as many channels as somebody asks for. */
export function createSimulatedPwm(waves: PwmWaves = createMemoryWaves()): PwmBackend {
  const held = new Set<string>();
  return {
    name: 'simulated',
    async open(request) {
      const resource = formatPwm(request);
      const failed = { operation: 'open', resource };
      if (!/^pwmchip\d+$/.test(request.chip)) return fail(driverError('absent', failed, `there is no ${request.chip}`));
      if (held.has(resource)) return fail(driverError('busy', failed, 'this agent holds the channel already'));
      if (held.size >= simulatedLinesCountMax) return fail(driverError('absent', failed, 'too many channels'));
      const { frequencyHz, initial } = request;
      const channel: PwmChannel = {
        setDuty: (duty) => waves.set(resource, { frequencyHz, duty }),
        duty: () => waves.get(resource)?.duty ?? 0,
      };
      try {
        channel.setDuty(initial === 'as-is' ? channel.duty() : initial);
      } catch (cause) {
        return fail(systemError(cause, failed));
      }
      held.add(resource);
      return ok(createPwmOutput(resource, channel, () => held.delete(resource)));
    },
  };
}

function createMemoryWaves(): PwmWaves {
  const waves = new Map<string, PwmWave>(); // As many as channels may be held.
  return { get: (name) => waves.get(name), set: (name, wave) => void waves.set(name, wave) };
}

/** `<board>/pwmchip0:0/wave`: frequency in Hz and duty, in one line; replaced in one step. */
export function openFolderWaves(board: string): PwmWaves {
  const pathOf = (name: string) => join(board, name, 'wave');
  return {
    get(name) {
      const [frequencyHz, duty] = readText(pathOf(name)).split(' ').map(Number);
      return frequencyHz === undefined || duty === undefined ? undefined : { frequencyHz, duty };
    },
    set(name, { frequencyHz, duty }) {
      mkdirSync(join(board, name), { recursive: true });
      const path = pathOf(name);
      writeFileSync(`${path}.new`, `${frequencyHz} ${duty}\n`);
      renameSync(`${path}.new`, path);
    },
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return '';
    throw cause;
  }
}
