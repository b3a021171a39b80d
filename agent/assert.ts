/**
 * As of node:assert/strict, which is loaded when something fails and not before: it takes a millisecond.
 * Throws an AssertionError with this text.
 */
export function assert(condition: boolean, text?: string): asserts condition {
  if (!condition) failAssertion(text);
}

export function failAssertion(text = 'the agent is not as it must be'): never {
  return process.getBuiltinModule('node:assert/strict').fail(text);
}
