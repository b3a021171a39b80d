import { build } from '../../build/build.ts';
import { readOptions } from '../../build/script-options.ts';
import { proveDeb } from './deb-run.ts';

const { values } = readOptions({
  command: 'npm run prove:deb',
  summary:
    'Installs, upgrades, removes and purges the package in a Debian root, which is made once and kept in .cache, and looks at\n' +
    'what is there after each. Needs root. Ends with 1 when something is not as it should be.',
  options: {
    cpu: {
      ...{ type: 'string', value: 'NAME', default: 'arm64', help: 'of the Debian root' },
      names: { arm64: 'elsewhere through the emulation of user programs', x64: 'computers' },
    },
  },
});
await build();
const steps = await proveDeb(values.cpu === 'x64' ? 'x64' : 'arm64', (step) => console.log(JSON.stringify(step)));
const faults = steps.filter(({ fault }) => fault !== undefined);
console.log(`${steps.length} checks, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
