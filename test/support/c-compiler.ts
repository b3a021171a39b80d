import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Why C cannot be compiled here; undefined when it can. For the title of what is skipped. */
export const gccMissing: string | undefined = missing('gcc');
/** The compiler alone is not enough: Debian has what the sanitizers need in a package of its own. */
export const fuzzerMissing: string | undefined = missing('clang') ?? missingFuzzer();

function missing(program: string): string | undefined {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0
    ? undefined
    : `${program} is not installed`;
}

function missingFuzzer(): string | undefined {
  const operands = ['-x', 'c', '-fsanitize=fuzzer,address', '-o', '/dev/null', '-'];
  const input = 'int LLVMFuzzerTestOneInput(const char *data, unsigned long size) { return data && size ? 0 : 0; }';
  return spawnSync('clang', operands, { input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0
    ? undefined
    : 'apt install clang libclang-rt-14-dev, or that of your clang';
}

export const mcuSources: readonly string[] = ['qn_link.c', 'qn_frame.c', 'qn_compact.c'].map(
  (file) => `firmware-bridge/mcu/${file}`,
);
export const strict: readonly string[] = [
  ...['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic'],
  ...['-D_POSIX_C_SOURCE=200809L', '-Ifirmware-bridge/mcu'],
];

/** A folder of its own for what is built. */
export interface Workshop extends Disposable {
  readonly folder: string;
  /** Compiles and links; the path of the program. Throws with the compiler's words. */
  build(compiler: string, name: string, operands: readonly string[]): string;
}

export function openWorkshop(): Workshop {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-mcu-'));
  return {
    folder,
    build(compiler, name, operands) {
      const program = path.join(folder, name);
      execFileSync(compiler, [...operands, '-o', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      return program;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
