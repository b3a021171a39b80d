import { runProcess } from './cli/process.ts';
import { qnctlProgram } from './cli/programs.ts';

/** `qnctl`, the program for people. */
void runProcess(qnctlProgram);
