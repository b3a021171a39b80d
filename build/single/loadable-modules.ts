import { readFile } from 'node:fs/promises';
import { runTool } from '../run-tool.ts';

/** Prints what the modules of its operands load that Node.js has not loaded at its start. */
const loadAll = `
  const before = new Set(process.moduleLoadList);
  for (const name of process.argv.slice(1)) require(name);
  for (const line of process.moduleLoadList) if (!before.has(line)) console.log(line);`;

/** The modules of Node.js that these programs name anywhere, and all that those load: `http`, `internal/freelist`. */
export async function loadableModules(programs: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(programs.map((file) => readFile(file, 'utf8')));
  const names = new Set(texts.flatMap((text) => text.match(/(?<=["'`])node:[a-z_/]+(?=["'`])/g) ?? []));
  const printed = await runTool(process.execPath, ['--no-warnings', '--eval', loadAll, ...names]);
  return [...printed.matchAll(/^NativeModule (.+)$/gm)].map(([, name = '']) => name);
}
