import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBoardImage } from './image.ts';
import { makeInitrd } from './initrd.ts';
import { type MachineRun, runMachine } from './machine.ts';
import { needTools } from './tools.ts';

const cacheFolder = '.cache/board';

export type BoardRun = { readonly runs: readonly MachineRun[] } | { readonly missing: string };

/**
 * Runs parts of the board tests (words of guest/main.ts), each in a machine of its own at the same time; without what they
 * need, says what that is. `lap` hears how far it is.
 */
export async function runBoard(lap: (text: string) => void, parts: readonly string[]): Promise<BoardRun> {
  const image = await prepare(lap);
  if ('missing' in image) return image;
  const folder = mkdtempSync(join(tmpdir(), 'board-')); // Short: a path of a socket has 107 bytes at most.
  try {
    const initrd = await makeInitrd(image, folder);
    lap('bundles, native files and initrd');
    const runs = await Promise.all(
      parts.map(async (part) => {
        const run = await runMachine(image, { initrd, part, folder, consoleLog: join(cacheFolder, `${part}.log`) });
        lap(
          `${part}: boot (${(run.bootMs / 1_000).toFixed(1)} s) and ${run.results.length} tests on ${image.kernelName}`,
        );
        return run;
      }),
    );
    return { runs };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Only what comes from outside may be missing; what fails later is a failure. */
async function prepare(lap: (text: string) => void) {
  mkdirSync(cacheFolder, { recursive: true });
  try {
    needTools();
    lap('tools from Debian');
    const image = await openBoardImage(cacheFolder);
    lap('kernel, libraries, Node and root image');
    return image;
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
