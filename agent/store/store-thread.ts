import { runStoreThread } from './thread.ts';

/* The store thread as a program of its own: it starts without reading the rest of the agent. */

process.report.excludeEnv = true; // Each thread has its own: a report of Node's has no secrets in it.
runStoreThread();
