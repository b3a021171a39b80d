import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A line and a column of the program, both from 0. */
export type Place = readonly [line: number, column: number];

/** Beside the program; the build writes it. */
export const aheadFile = 'ahead.json';

/**
 * When the snapshot is made: compiles the functions of the program in which the places of `aheadFile` are, and those around
 * them. V8 compiles a function when it is called for the first time, and what it has compiled goes into the snapshot. It
 * does so as well when a debugger asks where it could stop, and the function need not run for that.
 */
export function compileAhead(program: string): void {
  const places: readonly Place[] = JSON.parse(readFileSync(path.join(path.dirname(program), aheadFile), 'utf8'));
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connect();
  let scriptId: string | undefined;
  session.on('Debugger.scriptParsed', ({ params }) => {
    if (params.url === String(pathToFileURL(program))) scriptId = params.scriptId;
  });
  session.post('Debugger.enable');
  if (scriptId === undefined) throw new Error(`V8 knows no program ${program}`);
  for (const [lineNumber, columnNumber] of places) {
    const start = { scriptId, lineNumber, columnNumber };
    session.post(
      'Debugger.getPossibleBreakpoints',
      { start, end: { ...start, columnNumber: columnNumber + 1 } },
      (error) => {
        if (error !== null) throw new Error(`line ${lineNumber}, column ${columnNumber}: ${error.message}`);
      },
    );
  }
  session.post('Debugger.disable');
  session.disconnect();
}
