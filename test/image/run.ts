import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { agentVersion } from '../../agent/version.ts';
import { outFolder } from '../../build/build.ts';
import { readOptions } from '../../build/script-options.ts';
import { liveWithImage } from './card-life.ts';
import { boardKinds } from './emulated-board.ts';
import { installCommand } from './readme-commands.ts';

const { values } = readOptions({
  command: 'npm run test:image',
  summary:
    'Starts boards from the image of a card, with a broker of this machine. Prints a line of JSON for each step, and ends with\n' +
    '1 when one is not as it should be.',
  options: {
    machine: {
      ...{ type: 'string', multiple: true, value: 'NAME', help: 'one of them; else both, one after the other' },
      names: { virt: 'the other ways of the README are tried on it as well', raspi3b: 'a Raspberry Pi' },
    },
    root: {
      ...{ type: 'string', value: 'NAME', default: 'writable', help: 'how the card is used' },
      names: { writable: 'as any disk', 'read-only': 'what is written to the root is in memory' },
    },
    image: { type: 'string', value: 'FILE', help: 'an image (.img.xz); else it is built first, which needs root' },
  },
});
const root = values.root === 'read-only' ? 'read-only' : 'writable';
const kinds = boardKinds.filter((kind) => values.machine?.includes(kind) ?? true);

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
