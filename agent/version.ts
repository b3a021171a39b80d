/** Of the agent; test/tidy.test.ts holds it equal to package.json. */
export const agentVersion = '0.1.0';

/** Of the protocol (protocol.md). */
export const protocolVersion = 'QN/1';
