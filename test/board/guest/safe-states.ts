import { describe, expect, test } from 'vitest';
import type { Level } from '../../../drivers/contract/digital.ts';
import {
  type EndLevel,
  type SafeAction,
  type SafeLevel,
  type SafeStates,
  type Situation,
  safeAction,
} from '../../../drivers/safe-state.ts';
import { until } from '../../support/until.ts';
import { openRelayBoard, type Relay, type RelayBoard } from './relay-board.ts';
import { createSimulatedChip, type SimulatedChip } from './sim.ts';

/*
 * The matrix of safe states at the wire. gpio-sim puts a line back to its resistor the moment nobody holds it, so a level
 * that lasts is one that somebody holds: the agent, and after its end the guard. One agent after the other goes through all
 * the faults, with relays of every kind; a model of the table says what each wire does, the kernel's log what it did. Every
 * level the kernel was told counts, however short, and so does every moment at which a line was nobody's.
 */

const offlineMs = 4_000;
const endLevels: readonly EndLevel[] = [false, true, 'hold', 'release'];

/** Every situation meets every level: each relay begins at another one of the four, and they take turns. */
const relays: readonly Relay[] = endLevels
  .flatMap((_, turn) =>
    (['high', 'low'] as const).flatMap((active) =>
      ([0, 1] as const).map((pull) => ({ active, pull, states: statesOf(turn) })),
    ),
  )
  .map((relay, offset) => ({ ...relay, offset }));

function statesOf(turn: number): SafeStates {
  const at = (step: number): EndLevel => endLevels[(turn + step) % endLevels.length] ?? 'hold';
  const alive = (level: EndLevel): SafeLevel => (level === 'release' ? 'hold' : level);
  return {
    boot: alive(at(0)),
    exit: at(1),
    crash: at(2),
    configError: at(3),
    offline: { afterMs: offlineMs, to: alive(at(0)), restore: false },
  };
}

/** One relay as the table has it. */
interface Wire {
  readonly level: Level;
  readonly isHeld: boolean;
}

interface Step {
  readonly name: string;
  /** What happens to each output, in this order. */
  readonly situations: readonly Situation[];
  /** Returns when nothing more is going to happen. */
  act(board: RelayBoard): Promise<void>;
  /** Whether an agent is there afterwards. */
  readonly isAlive: boolean;
  /** The agent has the line all the while, whatever the table says of its end. */
  readonly isOneHand?: boolean;
}

const steps: readonly Step[] = [
  {
    name: 'the agent is started',
    situations: ['boot'],
    isAlive: true,
    async act(board) {
      board.writeConfig(relays);
      await board.start();
    },
  },
  {
    name: 'the broker is gone',
    situations: ['offline'],
    isAlive: true,
    async act(board) {
      await board.stopBroker();
      await until(() => board.said.split('is in its safe state').length > movedCount('offline'), 'the offline states');
      await board.startBroker();
    },
  },
  {
    name: 'a driver fails',
    situations: ['driver-fault'],
    isAlive: true,
    async act(board) {
      for (const relay of relays) {
        board.failNextWrite();
        await board.command(relay, 'OFF', 'failed');
      }
    },
  },
  { name: 'SIGTERM', situations: ['exit'], isAlive: false, act: (board) => board.kill('SIGTERM') },
  {
    name: 'the agent is started again, as an update does',
    situations: ['boot'],
    isAlive: true,
    act: (board) => board.start(),
  },
  {
    name: 'other rules for every output, by SIGHUP',
    situations: [],
    isAlive: true,
    act: (board) => board.reload(relays.map((relay) => ({ ...relay, maxOnMs: 3_600_000 }))),
  },
  {
    name: 'a config push that closes every output and opens it again, under another name of its line',
    situations: ['exit', 'boot'],
    isAlive: true,
    isOneHand: true,
    act: (board) => board.push(relays.map((relay) => ({ ...relay, lineName: nameOf(relay.offset) }))),
  },
  { name: 'kill -9', situations: ['crash'], isAlive: false, act: (board) => board.kill('SIGKILL') },
  {
    name: 'the agent is started after a kill -9, with the config that was pushed',
    situations: ['boot'],
    isAlive: true,
    act: (board) => board.start(),
  },
  { name: 'SIGTERM, after a push', situations: ['exit'], isAlive: false, act: (board) => board.kill('SIGTERM') },
  {
    name: 'a fault in the config at the start',
    situations: ['config-error'],
    isAlive: false,
    async act(board) {
      board.forgetConfigs();
      board.writeConfig(relays, 'surprise: [\n');
      expect(await board.startInVain()).toBe(78);
    },
  },
];

/** Outputs that are on, and that the situation moves. */
function movedCount(situation: Situation): number {
  return relays.filter(({ states }) => {
    const action = safeAction(situation, states);
    return action.do === 'drive' && !action.on;
  }).length;
}

interface Seen {
  readonly before: Wire;
  readonly after: Wire;
  readonly driven: readonly Level[];
  readonly freedCount: number;
  readonly level: Level;
}

const scenarioMsMax = 300_000;

export function safeStates(): void {
  const chip = createSimulatedChip({ label: 'relays', lineNames: relays.map(({ offset }) => nameOf(offset)) });
  let seen: Promise<readonly (readonly Seen[])[]> | undefined;
  const see = () => (seen ??= provokeAll(chip));

  for (const [index, step] of steps.entries()) {
    describe(`safe states on a real kernel: ${step.name}`, () => {
      for (const { offset, active, pull, states } of relays) {
        const words = step.situations.map((situation) => wordOf(safeAction(situation, states)));
        test(
          `${words.length === 0 ? 'untouched' : words.join(', then ')}, active ${active}, resistor to ${pull}: the wire does what the table says, and nothing else`,
          async () => {
            const { before, after, driven, freedCount, level } = seenOf(await see(), index, offset);
            expect(level, 'wire').toBe(after.level);
            expect(changesOnly(driven, before.level), 'driven').toEqual(pathOf(before, relays[offset]!, step));
            expect(freedCount, 'let go of').toBe(before.isHeld && !after.isHeld ? 1 : 0);
          },
          scenarioMsMax,
        );
      }
    });
  }
}

function seenOf(seen: readonly (readonly Seen[])[], step: number, offset: number): Seen {
  const found = seen[step]?.[offset];
  if (found === undefined) throw new Error(`nothing was seen of relay ${offset} in step ${step}`);
  return found;
}

async function provokeAll(chip: SimulatedChip): Promise<readonly (readonly Seen[])[]> {
  for (const { offset, pull } of relays) chip.pull(offset, pull);
  let wires: readonly Wire[] = relays.map(({ pull }) => ({ level: pull, isHeld: false }));
  const seen: (readonly Seen[])[] = [];
  await using board = await openRelayBoard(chip);
  for (const step of steps) {
    chip.forgetChanges();
    console.log(`note: ${step.name}, ${Math.round(performance.now())} ms`);
    await step.act(board);
    const after = relays.map((relay, index) => become(wires[index]!, relay, step));
    seen.push(
      relays.map(({ offset }, index) => ({
        before: wires[index]!,
        after: after[index]!,
        driven: chip.driven(offset).map(({ level }) => level),
        freedCount: chip.freed(offset).length,
        level: chip.level(offset),
      })),
    );
    wires = after;
    if (!step.isAlive) continue;
    console.log(`note: on, ${Math.round(performance.now())} ms`);
    for (const relay of relays) await board.command(relay, 'ON', 'successful'); // Each fault finds them on.
    wires = relays.map((relay) => ({ level: levelOf(relay, true), isHeld: true }));
  }
  return seen;
}

/** What the table makes of a wire, one situation after the other. */
function become(wire: Wire, relay: Relay, { situations, isAlive, isOneHand = false }: Step): Wire {
  return situations.reduce<Wire>((before, situation) => {
    const action = safeAction(situation, relay.states);
    if (isOneHand) return action.do === 'drive' ? { level: levelOf(relay, action.on), isHeld: true } : before;
    // After a good end a driven level is left to the chip; after every other one the guard holds it.
    if (action.do === 'release' || (action.do === 'drive' && situation === 'exit'))
      return { level: relay.pull, isHeld: false };
    if (action.do === 'drive') return { level: levelOf(relay, action.on), isHeld: true };
    return { level: before.level, isHeld: before.isHeld || isAlive };
  }, wire);
}

/** The levels the kernel may be told on the way there: those of the table, where they are others. */
function pathOf(before: Wire, relay: Relay, { situations }: Step): readonly Level[] {
  const driven = situations.flatMap((situation) => {
    const action = safeAction(situation, relay.states);
    return action.do === 'drive' ? [levelOf(relay, action.on)] : [];
  });
  return changesOnly(driven, before.level);
}

function wordOf(action: SafeAction): string {
  return action.do === 'drive' ? `drive ${action.on ? 'on' : 'off'}` : action.do;
}

function nameOf(offset: number): string {
  return `RELAY${offset}`;
}

function levelOf({ active }: Pick<Relay, 'active'>, on: boolean): Level {
  return on === (active === 'high') ? 1 : 0;
}

function changesOnly(levels: readonly Level[], from: Level): readonly Level[] {
  return levels.filter((level, index) => level !== (levels[index - 1] ?? from));
}
