import { compileFunction } from 'node:vm';
import { assetText } from './assets.ts';

/** Compiles and runs a part of the agent, as `require` would; the build calls it once for each part. */
export function loadPart(file: string): unknown {
  const name = `parts/${file}`;
  const part: { exports: unknown } = { exports: {} };
  const run = compileFunction(assetText(name), ['exports', 'require', 'module'], { filename: name });
  run(part.exports, requireBuiltin, part);
  return part.exports;
}

/** All else is in the part. */
function requireBuiltin(name: string): unknown {
  const found: unknown = process.getBuiltinModule(name);
  if (found === undefined) throw new Error(`${name} is not in this program`);
  return found;
}
