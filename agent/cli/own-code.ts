import path from 'node:path';
import type { CodeSubjects } from '../health/tests/code.ts';
import { ownProgram } from '../own-program.ts';

/** The bundle that runs, and the Node.js it runs on. */
export function ownCode(): CodeSubjects {
  const program = ownProgram();
  return {
    folder: path.dirname(program),
    isFromSource: !program.endsWith('.cjs'),
    platform: `${process.platform}-${process.arch}`,
    nodeBinary: process.execPath,
    nodeVersion: process.version,
    arch: process.arch,
  };
}
