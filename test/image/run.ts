import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { agentVersion } from '../../agent/version.ts';
import { outFolder } from '../../build/build.ts';
import { liveWithImage } from './card-life.ts';
import { boardKinds } from './emulated-board.ts';
import { installCommand } from './readme-commands.ts';

/**
 * `npm run test:image [-- --machine virt|raspi3b] [--root read-only] [--image FILE]`: starts boards from the image of a
 * card (.img.xz), with a broker of this machine. Without --image it is built first, which needs root; without --machine
 * both run, one after the other. On the first one the other ways of the README are tried as well. Prints a line of JSON
 * for each step, and ends with 1 when one is not as it should be.
 */
const { values } = parseArgs({
  options: {
    machine: { type: 'string', multiple: true, default: [...boardKinds] },
    root: { type: 'string', default: 'writable' },
    image: { type: 'string' },
  },
});
const { root } = values;
if (root !== 'writable' && root !== 'read-only') throw new Error(`no root ${root}; there are: writable, read-only`);
const kinds = boardKinds.filter((kind) => values.machine.includes(kind));
if (kinds.length !== values.machine.length) throw new Error(`there are these machines: ${boardKinds.join(', ')}`);

// Broken off: no board goes on by itself.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

mkdirSync('.cache', { recursive: true });
const image = values.image ?? buildAsTold();
let faultCount = 0;
let stepCount = 0;
for (const kind of kinds) {
  const isThorough = kind === 'virt' && root === 'writable';
  const steps = await liveWithImage({ image, kind, root, isThorough }, (step) =>
    console.log(JSON.stringify({ kind, ...step })),
  );
  stepCount += steps.length;
  faultCount += steps.filter(({ fault }) => fault !== undefined).length;
}
console.log(`${stepCount - faultCount} passed, ${faultCount} failed`);
process.exitCode = faultCount === 0 && stepCount > 0 ? 0 : 1;

/** As the README says it. */
function buildAsTold(): string {
  execFileSync('sh', ['-c', installCommand('npm run image')], { stdio: ['ignore', 'inherit', 'inherit'] });
  return path.join(outFolder, `qn-agent_${agentVersion}_arm64.img.xz`);
}
