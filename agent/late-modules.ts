/*
 * Modules of Node.js that take a millisecond to four to load, and of which nothing is needed before the agent is connected:
 * whoever imports them has them loaded before. node:tls also holds on to things of the running process, of which no snapshot
 * can be made.
 */

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const tls = () => process.getBuiltinModule('node:tls');
export const v8 = () => process.getBuiltinModule('node:v8');
