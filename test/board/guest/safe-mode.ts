import { describe, expect, test } from 'vitest';
import type { SafeStates } from '../../../drivers/safe-state.ts';
import { openRelayBoard, type Relay } from './relay-board.ts';
import { createSimulatedChip } from './sim.ts';

const held: SafeStates = { boot: 'hold', exit: 'hold', crash: 'hold', configError: 'hold' };

/** What is left of a board whose configs all brought the agent down: the way to the brokers. */
export function safeMode(): void {
  const chip = createSimulatedChip({ label: 'doomed', lineNames: [''] });
  const relay: Relay = { offset: 0, active: 'high', pull: 0, states: held };

  describe('the safe mode on a real kernel', () => {
    test('a good config can be pushed, and gets the lines as they are held', async () => {
      await using board = await openRelayBoard(chip);
      board.writeConfig([relay]);
      await board.start();
      await board.push([{ ...relay, maxOnMs: 3_600_000 }]);
      await board.command(relay, 'ON', 'successful');
      chip.forgetChanges();
      await board.kill('SIGKILL');
      board.giveUpConfigs();
      await board.start();
      expect(board.said).toContain('safe mode');
      expect(chip.level(0)).toBe(1);
      await board.push([{ ...relay, maxOnMs: 7_200_000 }]);
      expect([chip.level(0), chip.freed(0)]).toEqual([1, []]);
      await board.command(relay, 'OFF', 'successful');
      expect(chip.level(0)).toBe(0);
      await board.kill('SIGTERM');
    }, 180_000);
  });
}
