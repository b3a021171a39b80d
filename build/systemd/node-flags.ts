import { readFileSync } from 'node:fs';

const unitFile = 'build/systemd/qn-agent.service';

/** The values of a key of the unit, in order; `file`: of another one. */
export function unitValues(key: string, file = unitFile): readonly string[] {
  return [...readFileSync(file, 'utf8').matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** What the unit tells Node.js before the program: the bounds of its memory, and what V8 is to leave. */
export function nodeFlags(): readonly string[] {
  return (unitValues('ExecStart')[0] ?? '').split(' ').filter((word) => word.startsWith('--'));
}
