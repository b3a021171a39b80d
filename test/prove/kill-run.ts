import { setTimeout as delay } from 'node:timers/promises';
import { startAgentProcess, type TestProcess } from '../support/agent-process.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { watchEdges } from './edges.ts';
import { type Effects, openEffects } from './effects.ts';
import { type Judgement, judge } from './judge.ts';
import { type Doer, type Orders, openOrders } from './orders.ts';

export interface KillOptions {
  readonly kills: number;
  readonly commands: number;
  readonly seed: number;
  /** Called after each kill. */
  readonly tell?: (killsDone: number, orders: Orders) => void;
}

/** When the agent dies: at any moment of its start, some time after its birth, or right at an effect. */
type Moment = 'start' | 'birth' | 'effect';

const lines = ['serial.x', 'serial.y'];
const held = 'safe: { boot: hold, exit: hold, crash: hold, config-error: hold }';
/** Many of them: each takes one command at a time. */
const pulseLines = Array.from({ length: 8 }, (_, index) => `PULSE${index}`);
const toggleLines = ['TOGGLE0', 'TOGGLE1'];
const switches = [
  ...pulseLines.map((line) => `${documentOf(line)}: { driver: gpio-out, line: ${line} }`),
  ...toggleLines.map((line) => `${documentOf(line)}: { driver: gpio-out, line: ${line}, ${held} }`),
];
const startMsMax = 600;
const lifeMsMax = 400;
/** An effect that is not there by then: nothing is under way. */
const effectMsMax = 1_500;
const birthMsMax = 15_000;
const endMsMax = 60_000;

/** Commands that must not be done twice, to an agent that is killed again and again (QN-4.2). */
export async function runKills({ kills, commands, seed, tell }: KillOptions): Promise<Judgement> {
  const random = seededRandom(seed);
  await using effects = await openEffects(lines.length);
  const rows = lines.map((name, index) => {
    const port = effects.ports[index] ?? '';
    return `${name}: { driver: serial-line, port: "${port}", baud: 115200, delimiter: "\\n" }`;
  });
  await using rig = await openRig({
    documents: [...rows, ...switches],
    lines: [...pulseLines, ...toggleLines],
    listensTo: 'qn/1/pi-1/health/agent',
  });
  await using orders = await openOrders(rig.broker.port, doersOf(rig.board));
  for (let kill = 1; kill <= kills; kill += 1) {
    // Spread over the lives, so that there is something to break in each of them.
    orders.allow(Math.ceil((commands * kill) / (kills + 1)));
    await liveAndDie(rig, effects, random);
    tell?.(kill, orders);
  }
  await using agent = startAgentProcess(rig.configFile);
  await birthOf(rig, agent, rig.listener.all.length);
  orders.allow(commands);
  const isSettled = () =>
    orders.all.size === commands && [...orders.all.values()].every(({ endings }) => endings.length > 0);
  const untilMs = performance.now() + endMsMax + commands * 5;
  while (!isSettled() && performance.now() < untilMs) await delay(50);
  await delay(500); // What would be told or done twice has this time for it.
  return judge([...orders.all.values()], effects.counts, { kills, refused: orders.refusedCount });
}

/** Serial writes are told apart by their text, pulses and toggles by doing one at a time. */
function doersOf(board: string): readonly Doer[] {
  const valueOf = (text: string) => `${text}\n`;
  return [
    ...lines.map((document) => ({ document, aheadCount: 2, valueOf })),
    ...pulseLines.map((line) => ({
      document: documentOf(line),
      aheadCount: 1,
      valueOf: () => ({ 'on-for': 15 }),
      edges: watchEdges(board, line, 'rising'),
    })),
    ...toggleLines.map((line) => ({
      document: documentOf(line),
      aheadCount: 1,
      valueOf: () => 'toggle',
      edges: watchEdges(board, line, 'any'),
    })),
  ];
}

function documentOf(line: string): string {
  return `gpio.${line.toLowerCase()}`;
}

async function liveAndDie(rig: Rig, effects: Effects, random: () => number): Promise<void> {
  const moments: readonly Moment[] = ['start', 'birth', 'birth', 'effect', 'effect'];
  const moment = moments[Math.floor(random() * moments.length)] ?? 'birth';
  const heardCount = rig.listener.all.length;
  await using agent = startAgentProcess(rig.configFile); // Its disposal is the kill.
  if (moment === 'start') return await delay(random() * startMsMax);
  await birthOf(rig, agent, heardCount);
  if (moment === 'birth') return await delay(random() * lifeMsMax);
  await effectOf(effects, 1 + Math.floor(random() * 4));
}

/** Of those before it some may have gone unheard. */
async function birthOf(rig: Rig, agent: TestProcess, heardCount: number): Promise<void> {
  const test = (heard: Heard) => rig.listener.all.indexOf(heard) >= heardCount && statusOf(heard) !== 'offline';
  const died = agent.ended.then(({ code, signal }) => {
    throw new Error(`the agent ended by itself with ${code ?? signal}: ${agent.err}${agent.out}`);
  });
  died.catch(() => {}); // It is killed in the end.
  await Promise.race([rig.hear({ verb: 'health', test }, birthMsMax), died]);
}

/** Resolves in the turn in which so many lines came in. */
async function effectOf(effects: Effects, count: number): Promise<void> {
  const arrived = Promise.withResolvers<void>();
  let left = count;
  effects.onLine(() => {
    left -= 1;
    if (left === 0) arrived.resolve();
  });
  await Promise.race([arrived.promise, delay(effectMsMax, undefined, { ref: false })]);
  effects.onLine(() => {});
}
