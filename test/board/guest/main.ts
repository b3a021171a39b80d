import { doctorTests, selftestTests } from './bundle.ts';
import { commandToPin } from './command-to-pin.ts';
import { deadTimes } from './dead-time.ts';
import { gpioContracts } from './gpio-contract.ts';
import { gpiochipOnly } from './gpiochip-only.ts';
import { letGo } from './let-go.ts';
import { nativeOnly } from './native-only.ts';
import { safeMode } from './safe-mode.ts';
import { safeStates } from './safe-states.ts';
import { serialContract } from './serial-contract.ts';
import { createSimulatedChip } from './sim.ts';
import { stormOnKernel } from './storm.ts';
import { unplugged } from './unplugged.ts';
import { type GuestResult, runTests } from './vitest.ts';

/* What runs in the guest: every result is one line on the console, the last line says how many there were. */

const lineNames = Array.from({ length: 28 }, (_, offset) => `GPIO${offset}`);
const chip = createSimulatedChip({
  label: 'pinctrl-sim', // As the header's chip of a Raspberry Pi: sysfs finds GPIO<n> by this beginning.
  lineNames: lineNames.toSpliced(1, 2, 'STATUS', 'TWICE'),
  hogs: { 1: 'heartbeat' },
});
createSimulatedChip({ label: 'expander', lineNames: ['TWICE', ''] });

const parts: { readonly [name: string]: () => void } = {
  gpio() {
    gpioContracts(chip);
    gpiochipOnly(chip);
    nativeOnly(chip);
  },
  'selftest-and-serial'() {
    selftestTests(chip);
    serialContract();
  },
  'safe-states': safeStates,
  'storm-doctor-and-dead-time'() {
    stormOnKernel(chip);
    doctorTests();
    letGo();
    unplugged();
    safeMode();
    deadTimes(); // Last: the guard that is left holds its lines.
  },
  pins: commandToPin,
};
const [, , part = ''] = process.argv;
parts[part]?.();

async function main(): Promise<void> {
  let toldCount = 0;
  await runTests((result: GuestResult) => {
    toldCount += 1;
    console.log(`result ${JSON.stringify(result)}`);
  });
  console.log(`results ${toldCount}`);
  process.exit(0); // What a test that failed has left open must not keep the machine running.
}

void main();
