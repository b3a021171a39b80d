import { runStoreThread } from './thread.ts';

/** The store thread as a program of its own: it starts without reading the rest of the agent. */
runStoreThread();
