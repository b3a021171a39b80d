import { runStoreThread } from '../../agent/store/thread.ts';

// What the agent's own program does when it finds itself to be the store thread. NORMAL is only for the power-loss test,
// which must be seen to fail with it.
runStoreThread({ synchronous: process.env['STORE_SYNCHRONOUS'] === 'NORMAL' ? 'NORMAL' : 'FULL' });
