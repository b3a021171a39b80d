import { describe, expect, test } from 'vitest';
import type { SafeStates } from '../../../drivers/safe-state.ts';
import { openRelayBoard, type Relay } from './relay-board.ts';
import { createSimulatedChip } from './sim.ts';

const off: SafeStates = { boot: false, exit: false, crash: false, configError: false };

/** Lines of which the config says nothing any more. */
export function letGo(): void {
  const chip = createSimulatedChip({ label: 'spare', lineNames: ['', ''] });
  const [stays, goes]: readonly [Relay, Relay] = [
    { offset: 0, active: 'high', pull: 0, states: off },
    { offset: 1, active: 'high', pull: 0, states: off },
  ];

  describe('a line of which a config says nothing any more, on a real kernel', () => {
    test('is let go of, also after a self-test', async () => {
      await using board = await openRelayBoard(chip);
      board.writeConfig([stays, goes]);
      await board.start();
      await board.selfTest();
      chip.forgetChanges();
      await board.reload([stays]);
      expect([chip.freed(0).length, chip.freed(1).length]).toEqual([0, 1]);
      await board.kill('SIGTERM');
    }, 120_000);
  });
}
