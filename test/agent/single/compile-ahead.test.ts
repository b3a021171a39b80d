import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { aheadFile, type Place } from '../../../agent/single/compile-ahead.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'qn-ahead-'));
const program = path.join(folder, 'program.cjs');
afterAll(() => rmSync(folder, { recursive: true }));

/** Some 4 kB of bytecode each; nothing calls them. */
const body = Array.from({ length: 200 }, (_, index) => `  box.field${index} = box.other${index} + ${index};`).join(
  '\n',
);
const source = `
const one = (box) => {
${body}
};
exports.around = (box) => {
  const inner = () => {
${body}
  };
  return inner;
};
exports.one = one;
const { compileAhead } = require(${JSON.stringify(path.resolve('agent/single/compile-ahead.ts'))});
const bytes = () => require('node:v8').getHeapCodeStatistics().bytecode_and_metadata_size;
compileAhead(__filename); // So that what it compiles of itself is not counted.
require('node:fs').writeFileSync(process.argv[2], process.argv[3]);
const before = bytes();
compileAhead(__filename);
console.log(bytes() - before);
`;

/** By how many bytes more is compiled with these places than with none. */
function compiledBytes(places: readonly Place[]): number {
  writeFileSync(program, source);
  const ahead = path.join(folder, aheadFile);
  writeFileSync(ahead, '[]');
  const args = ['--no-warnings', program, ahead, JSON.stringify(places)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

function placeOf(text: string, occurrence: number): Place {
  const at = source.split(text).slice(0, occurrence).join(text);
  const lines = at.split('\n');
  return [lines.length - 1, lines.at(-1)?.length ?? 0];
}

describe('compileAhead', () => {
  const [endOfOne, endOfInner] = [placeOf('};', 1), placeOf('};', 2)];

  it('compiles nothing more where nothing is asked for', () => {
    expect(compiledBytes([])).toBeLessThan(2_000);
  });

  it('compiles a function that has not run', () => {
    expect(compiledBytes([endOfOne])).toBeGreaterThan(4_000);
  });

  it('compiles the inner one with the one around it', () => {
    const [line] = endOfInner;
    expect(compiledBytes([endOfInner])).toBeGreaterThan(4_000);
    expect(compiledBytes([[line + 1, 2]])).toBeLessThan(4_000); // In the one around it only.
  });

  it('fails where V8 knows no such program', () => {
    writeFileSync(
      program,
      `require(${JSON.stringify(path.resolve('agent/single/compile-ahead.ts'))}).compileAhead(__filename + 'x')`,
    );
    writeFileSync(path.join(folder, aheadFile), '[]');
    expect(() => execFileSync(process.execPath, [program], { stdio: 'pipe' })).toThrow(/V8 knows no program/);
  });
});
