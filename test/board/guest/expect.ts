import { inspect, isDeepStrictEqual } from 'node:util';

/** The matchers our suites use, as vitest means them: toEqual leaves out what is undefined, toMatchObject what is more. */
interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatchObject(expected: object): void;
  toContain(expected: unknown): void;
  toHaveLength(expected: number): void;
  toMatch(expected: RegExp): void;
  toBeGreaterThan(expected: number | bigint): void;
  toBeLessThan(expected: number | bigint): void;
}

class Asymmetric {
  readonly #name: string;
  readonly matches: (actual: unknown) => boolean;

  constructor(name: string, matches: (actual: unknown) => boolean) {
    this.#name = name;
    this.matches = matches;
  }

  [inspect.custom](): string {
    return this.#name;
  }
}

export const expect = Object.assign(
  (actual: unknown, note = '') => ({ ...createMatchers(actual, note, true), not: createMatchers(actual, note, false) }),
  {
    stringContaining: (part: string) =>
      new Asymmetric(`text with ${part}`, (actual) => typeof actual === 'string' && actual.includes(part)),
    stringMatching: (pattern: RegExp) =>
      new Asymmetric(`text like ${pattern}`, (actual) => typeof actual === 'string' && pattern.test(actual)),
    any: (kind: StringConstructor | NumberConstructor) =>
      new Asymmetric(`any ${kind.name}`, (actual) => typeof actual === kind.name.toLowerCase()),
  },
);

function createMatchers(actual: unknown, note: string, isWanted: boolean): Matchers {
  const check = (matcher: string, expected: unknown, holds: boolean) => {
    if (holds === isWanted) return;
    const how = `${note === '' ? '' : `${note}: `}${isWanted ? '' : 'not '}${matcher}`;
    throw new Error(`${how}: expected ${inspect(expected, { depth: 5 })}, found ${inspect(actual, { depth: 5 })}`);
  };
  return {
    toBe: (expected) => check('toBe', expected, Object.is(actual, expected)),
    toEqual: (expected) => check('toEqual', expected, isEqual(actual, expected, false)),
    toMatchObject: (expected) => check('toMatchObject', expected, isEqual(actual, expected, true)),
    toContain: (expected) => check('toContain', expected, contains(actual, expected)),
    toHaveLength: (expected) => check('toHaveLength', expected, Array.isArray(actual) && actual.length === expected),
    toMatch: (expected) => check('toMatch', expected, typeof actual === 'string' && expected.test(actual)),
    toBeGreaterThan: (expected) => check('toBeGreaterThan', expected, isNumeric(actual) && actual > expected),
    toBeLessThan: (expected) => check('toBeLessThan', expected, isNumeric(actual) && actual < expected),
  };
}

function isEqual(actual: unknown, expected: unknown, isPartial: boolean): boolean {
  if (expected instanceof Asymmetric) return expected.matches(actual);
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return false;
    return expected.every((element, index) => isEqual(actual[index], element, isPartial));
  }
  if (!isRecord(expected)) return isDeepStrictEqual(actual, expected);
  if (!isRecord(actual)) return false;
  const keys = new Set([...Object.keys(expected), ...(isPartial ? [] : Object.keys(actual))]);
  return [...keys].every((key) => isEqual(actual[key], expected[key], isPartial));
}

/** Objects with properties; bytes, dates and maps are compared as a whole. */
function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.prototype.toString.call(value) === '[object Object]' || value instanceof Error;
}

function contains(actual: unknown, expected: unknown): boolean {
  if (typeof actual === 'string') return typeof expected === 'string' && actual.includes(expected);
  return Array.isArray(actual) && actual.includes(expected);
}

function isNumeric(value: unknown): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}
