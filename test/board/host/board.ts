import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBoardImage } from './image.ts';
import { makeInitrd } from './initrd.ts';
import { type MachineRun, runMachine } from './machine.ts';
import { installTools } from './tools.ts';

const cacheFolder = '.cache/board';

export type BoardRun = MachineRun | { readonly missing: string };

/** Runs the board tests; without what they need, says what that is. `lap` hears how far it is. */
export async function runBoard(lap: (text: string) => void): Promise<BoardRun> {
  const image = await prepare(lap);
  if ('missing' in image) return image;
  const folder = mkdtempSync(join(tmpdir(), 'board-')); // Short: a path of a socket has 107 bytes at most.
  try {
    const initrd = await makeInitrd(image, folder);
    lap('bundles, native files and initrd');
    const run = await runMachine(image, initrd, folder, join(cacheFolder, 'console.log'));
    lap(`boot (${(run.bootMs / 1_000).toFixed(1)} s) and ${run.results.length} tests on ${image.kernelName}`);
    return run;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Only what comes from outside may be missing; what fails later is a failure. */
async function prepare(lap: (text: string) => void) {
  mkdirSync(cacheFolder, { recursive: true });
  try {
    await installTools();
    lap('tools from Debian');
    const image = await openBoardImage(cacheFolder);
    lap('kernel, libraries, Node and root image');
    return image;
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}
