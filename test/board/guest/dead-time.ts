import { describe, expect, test } from 'vitest';
import type { SafeStates } from '../../../drivers/safe-state.ts';
import { until } from '../../support/until.ts';
import { openRelayBoard, type Relay, type RelayBoard } from './relay-board.ts';
import { createSimulatedChip, type SimulatedChip } from './sim.ts';

const deadTimeMs = 10_000; // An agent starts in less on an emulated processor.
const off: SafeStates = { boot: false, exit: false, crash: false, configError: false };

/** Two relays of which at most one is on, as the kernel drove them: whoever switches them, the agent or its guard. */
export function deadTimes(): void {
  const chip = createSimulatedChip({ label: 'hoist', lineNames: ['', ''] });
  const member = (offset: number, states: SafeStates): Relay => {
    return { offset, active: 'high', pull: 0, states, interlock: { group: 'hoist', deadTimeMs } };
  };
  const up = member(0, off);

  describe('an interlock group on a real kernel', () => {
    test('one goes off with the agent, and the next one that goes on by boot: on waits for it', async () => {
      await using board = await openRelayBoard(chip);
      await startUpOn(board, chip, [up, member(1, off)]);
      await board.kill('SIGTERM');
      board.writeConfig([up, member(1, { ...off, boot: true })]);
      await board.start();
      expect(await betweenMs(chip)).toBeGreaterThan(deadTimeMs - 1);
      await board.kill('SIGTERM'); // Its guard lets go of the lines.
    }, 120_000);

    test('a crash switches one off and the other one on, and the dead time is between them', async () => {
      await using board = await openRelayBoard(chip);
      await startUpOn(board, chip, [up, member(1, { ...off, crash: true })]);
      await board.kill('SIGKILL');
      expect(await betweenMs(chip)).toBeGreaterThan(deadTimeMs - 1);
    }, 120_000);
  });
}

async function startUpOn(board: RelayBoard, chip: SimulatedChip, relays: readonly [Relay, Relay]): Promise<void> {
  board.writeConfig(relays);
  await board.start();
  await board.command(relays[0], 'ON', 'successful');
  chip.forgetChanges();
}

/** From when the first one went off until the second one went on. */
async function betweenMs(chip: SimulatedChip): Promise<number> {
  await until(() => chip.level(1) === 1, 'the other one on', 3 * deadTimeMs);
  const offNs = chip.driven(0).find(({ level }) => level === 0)?.atNs ?? 0n;
  const onNs = chip.driven(1).find(({ level }) => level === 1)?.atNs ?? 0n;
  expect([chip.level(0), onNs > offNs && offNs > 0n]).toEqual([0, true]);
  console.log(`note: ${Number(onNs - offNs) / 1e6} ms between two of a group`);
  return Number(onNs - offNs) / 1e6;
}
