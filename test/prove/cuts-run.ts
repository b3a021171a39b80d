import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgentProcess, type TestProcess } from '../support/agent-process.ts';
import { buildShim } from '../support/disk-shim/shim.ts';
import type { Heard } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';

/** How the push ends when nothing happens: the new config runs, or it does not prove itself and is taken back. */
export type Push = 'sound' | 'broken';

export interface CutsOptions {
  /** Kills behind these operations of the disk, counted from 1; absent: behind each one there is. */
  readonly operations?: readonly number[];
  readonly pushes: readonly Push[];
  readonly tell?: (line: string) => void;
}

export interface CutsJudgement {
  readonly faults: readonly string[];
  readonly counts: { readonly [what: string]: number };
}

const relay = 'gpio.relay: { driver: gpio-out, line: GPIO17, safe: { boot: on } }';
/** A patch for the board, and the line that the broken one names is not there. */
const lineOf: { readonly [push in Push]: string } = { sound: 'GPIO18', broken: 'GPIO99' };
const endMsMax = 60_000;
const operationsMax = 200;

/**
 * The agent, the one that is released, is killed behind every single operation on the files of its configs while a push is
 * under way. The next life must run the config of before or the new one, and say so, and tell whoever asked the truth.
 */
export async function runCuts({ operations, pushes, tell = () => {} }: CutsOptions): Promise<CutsJudgement> {
  await using rig = await openRig({
    documents: [relay],
    lines: ['GPIO17', 'GPIO18'],
    sections: 'config: { trust: none, verify: 5s }',
  });
  const shim = buildShim(rig.folder);
  const faults: string[] = [];
  const counts = { kills: 0, old: 0, new: 0, told: 0, untold: 0 };
  await prepareBoard(rig);
  let id = 100;
  for (const push of pushes) {
    for (let index = 0; index < (operations?.length ?? operationsMax); index += 1) {
      const operation = operations?.[index] ?? index + 1;
      id += 1;
      const isKilled = await pushAndKill(rig, shim, { push, operation, id });
      if (!isKilled) {
        tell(`${push}: ${operation - 1} operations`);
        if (operations === undefined) break;
        continue;
      }
      counts.kills += 1;
      const life = await nextLife(rig, id);
      counts[life.isNew ? 'new' : 'old'] += 1;
      counts[life.ending === undefined ? 'untold' : 'told'] += 1;
      for (const fault of judge(push, life))
        faults.push(`${push} push, killed behind operation ${operation}: ${fault}`);
      tell(`${push}: killed behind operation ${operation}, ${faults.length} faults so far`);
    }
  }
  return { faults, counts };
}

const state = (rig: Rig) => path.join(rig.folder, 'state');
const saved = (rig: Rig) => path.join(rig.folder, 'saved');

/** A board that took a config over the air already, so that there is one of before on its disk. */
async function prepareBoard(rig: Rig): Promise<void> {
  await using agent = startAgentProcess(rig.configFile);
  await toldConfig(rig, agent, 0);
  await rig.say(
    'notify/config',
    JSON.stringify({ id: '1', val: { health: { interval: '50s' } }, base: 0, ver: 1, vc: { unsigned: 1 } }),
  );
  await rig.hear({ verb: 'ack', document: 'config', id: 1n, status: 'successful' }, endMsMax);
  await agent.end('SIGTERM');
  cpSync(state(rig), saved(rig), { recursive: true, filter: (file) => !file.endsWith('.sock') });
}

interface Cut {
  readonly push: Push;
  readonly operation: number;
  readonly id: number;
}

/** False: the push came to its end before so many operations. */
async function pushAndKill(rig: Rig, shim: string, { push, operation, id }: Cut): Promise<boolean> {
  rmSync(state(rig), { recursive: true, force: true });
  cpSync(saved(rig), state(rig), { recursive: true });
  const armed = path.join(rig.folder, `armed-${id}`);
  const env = {
    LD_PRELOAD: shim,
    SHIM_FOLDER: path.join(state(rig), 'config'),
    SHIM_KILL_AT: `${operation}`,
    SHIM_ARMED: armed,
  };
  const heardCount = rig.listener.all.length;
  await using agent = startAgentProcess(rig.configFile, { env });
  await toldConfig(rig, agent, heardCount);
  writeFileSync(armed, '');
  const val = { documents: { 'gpio.new': { driver: 'gpio-out', line: lineOf[push] } } };
  await rig.say(
    'notify/config',
    JSON.stringify({ id: `${id}`, src: 'prove', val, base: 1, ver: 2, vc: { unsigned: 2 } }),
  );
  return await untilKilled(rig, agent, id);
}

async function untilKilled(rig: Rig, agent: TestProcess, id: number): Promise<boolean> {
  const ended = agent.ended.then(({ signal }) => signal === 'SIGKILL');
  const through = rig
    .hear({ verb: 'ack', document: 'config', id: BigInt(id), test: isFinal }, endMsMax)
    .then(() => delay(500)) // The traces of the change are taken off the disk after the answer.
    .then(() => false)
    .catch(() => false);
  return await Promise.race([ended, through]);
}

interface NextLife {
  readonly isNew: boolean;
  readonly isWhole: boolean;
  readonly version: number | undefined;
  /** Of the record in its history. */
  readonly recorded: string | undefined;
  /** Of every final ack with the id, in this life or the one before. */
  readonly ending: string | undefined;
  readonly endings: number;
  readonly isUnderWay: boolean;
  readonly wires: readonly string[];
}

async function nextLife(rig: Rig, id: number): Promise<NextLife> {
  const heardCount = rig.listener.all.length;
  await using agent = startAgentProcess(rig.configFile);
  const { message } = await toldConfig(rig, agent, heardCount);
  const val = message.t === 'snapshot' ? message.val : null;
  const said = JSON.stringify(val);
  const told: unknown = JSON.parse(said);
  const { version, history = [] } = Object(told);
  const record = [...history].find((one: { version: number }) => one.version === 2);
  const isFromPush = (heard: Heard) => heard.verb === 'ack' && heard.message.id === BigInt(id) && isFinal(heard);
  const finals = () => rig.listener.all.filter(isFromPush).map(({ message: ack }) => (ack.t === 'ack' ? ack.st : ''));
  if (record !== undefined) await untilTold(finals);
  await delay(100);
  const isNew = JSON.stringify(Object(told).config).includes('gpio.new'); // Its history names it, too.
  await agent.end('SIGTERM');
  return {
    isNew,
    isWhole: said.includes('gpio.relay') && said.includes('50s'),
    version: typeof version === 'number' ? version : undefined,
    recorded: record?.status,
    ending: finals().at(-1),
    endings: new Set(finals()).size,
    isUnderWay:
      existsSync(path.join(state(rig), 'config', 'change.json')) ||
      existsSync(path.join(state(rig), 'config', 'staged.json')),
    wires: [rig.wire('GPIO17'), rig.wire('GPIO18')],
  };
}

/** The answer comes after the state. */
async function untilTold(finals: () => readonly string[]): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (finals().length === 0 && performance.now() < untilMs) await delay(20);
}

function judge(push: Push, life: NextLife): readonly string[] {
  const expected = life.isNew ? 'successful' : 'failed';
  return [
    ...(life.isWhole ? [] : ['the config is neither the old one nor the new one']),
    ...(life.version === (life.isNew ? 2 : 1) ? [] : [`version ${life.version} is not that of the config`]),
    ...(push === 'broken' && life.isNew ? ['a config that does not work runs'] : []),
    ...(life.recorded === undefined && life.isNew ? ['the new config runs, and nothing is recorded'] : []),
    ...(life.recorded === undefined || life.recorded === expected ? [] : [`recorded ${life.recorded}`]),
    ...(life.recorded !== undefined && life.ending === undefined ? ['nobody was told how it ended'] : []),
    ...(life.ending === undefined || life.ending === expected ? [] : [`told ${life.ending}`]),
    ...(life.endings > 1 ? ['told two different ends'] : []),
    ...(life.isUnderWay ? ['traces of the change are still on the disk'] : []),
  ];
}

function isFinal({ message }: Heard): boolean {
  return message.t === 'ack' && ['successful', 'failed', 'rejected'].includes(message.st);
}

/** What this life says of its config; those before it some may have said the same. */
async function toldConfig(rig: Rig, agent: TestProcess, heardCount: number): Promise<Heard> {
  mkdirSync(state(rig), { recursive: true });
  const test = (heard: Heard) => heard.message.t === 'snapshot' && rig.listener.all.indexOf(heard) >= heardCount;
  const died = agent.ended.then(({ code, signal }) => {
    throw new Error(`the agent ended by itself with ${code ?? signal}: ${agent.err}${agent.out}`);
  });
  died.catch(() => {}); // It is killed in the end.
  return await Promise.race([rig.hear({ verb: 'state', document: 'config', test }, endMsMax), died]);
}
