import { runGuardProcess } from './guard-process.ts';

/* The guard as a program of its own: it is started with every agent, and reads nothing of the rest of it. */

process.report.excludeEnv = true; // A report of Node's has no secrets in it.
void runGuardProcess(process.argv[3] ?? '.');
