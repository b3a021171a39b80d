import { test } from 'vitest';
import { openRelayBoard, type Relay } from './relay-board.ts';
import { createSimulatedChip } from './sim.ts';

const warmUpCount = 20;
const commandsCount = 200;
const held = { boot: 'hold', exit: 'hold', crash: 'hold', configError: 'hold' } as const;
const relay: Relay = { offset: 0, active: 'high', pull: 0, states: held };

/** For `npm run bench -- pins`: each command is one line on the console, `sample` and its milliseconds. */
export function commandToPin(): void {
  const chip = createSimulatedChip({ label: 'relays', lineNames: [''] });
  test('command to pin', async () => {
    await using board = await openRelayBoard(chip);
    board.writeConfig([relay]);
    await board.start();
    for (let index = 0; index < warmUpCount + commandsCount; index += 1) {
      chip.forgetChanges();
      const publishedNs = process.hrtime.bigint(); // The clock of the kernel's log, too.
      await board.command(relay, index % 2 === 0 ? 'ON' : 'OFF', 'successful');
      const drivenNs = chip.driven(relay.offset)[0]?.atNs ?? 0n;
      if (index >= warmUpCount) console.log(`sample ${Number(drivenNs - publishedNs) / 1e6}`);
    }
    await board.kill('SIGTERM');
  }, 120_000);
}
