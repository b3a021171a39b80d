import { parseArgs } from 'node:util';
import { build } from '../../build/build.ts';
import { proveDeb } from './deb-run.ts';

/**
 * Proves the package: `npm run prove:deb [-- --cpu x64]`. Installs, upgrades, removes and purges it in a Debian root of
 * that CPU (arm64 through the emulation of user programs), and looks at what is there after each. Needs root; the Debian
 * root is made once and kept in .cache. Exit code 1 when something is not as it should be.
 */
const { values } = parseArgs({ options: { cpu: { type: 'string', default: 'arm64' } } });
if (values.cpu !== 'arm64' && values.cpu !== 'x64') throw new Error(`no CPU ${values.cpu}; there are: arm64, x64`);
await build();
const steps = await proveDeb(values.cpu, (step) => console.log(JSON.stringify(step)));
const faults = steps.filter(({ fault }) => fault !== undefined);
console.log(`${steps.length} checks, ${faults.length} faults`);
process.exitCode = faults.length === 0 ? 0 : 1;
