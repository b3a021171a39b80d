import { readdirSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import type { Result } from '../../drivers/contract/result.ts';
import { nextTurn } from '../clock.ts';
import { type ReadText, type ReadTrouble, readText, readTextNow } from './read-text.ts';

/** How the files of a config are read. */
export interface ConfigReader {
  /** What is in a folder; throws or rejects as Node.js does. */
  names(folder: string): readonly string[] | Promise<readonly string[]>;
  text(file: string, bytesMax: number): Result<ReadText, ReadTrouble> | Promise<Result<ReadText, ReadTrouble>>;
  /** Between two steps of what is made of them: each takes milliseconds. */
  turn(): void | Promise<void>;
}

/** For an agent that runs: a slow card holds up nothing else. */
export const readInTurns: ConfigReader = { names: (folder) => readdir(folder), text: readText, turn: nextTurn };

/** For a start, when there is nothing else to hold up: a dozen turns of the event loop take longer than the reading. */
export const readAtOnce: ConfigReader = { names: (folder) => readdirSync(folder), text: readTextNow, turn() {} };
