import { readFileSync } from 'node:fs';
import path from 'node:path';
import { runBoard } from '../board/host/board.ts';
import { startRig } from '../support/rig.ts';
import type { Bench } from './benches.ts';
import { createDistribution, type Distribution, distributionFigures } from './distribution.ts';
import type { Figure } from './figure.ts';

const line = 'GPIO17';
const warmUpCount = 200;
/** Between two commands, so that each finds an agent that has nothing to do. */
const pauseMs = 2;
/** Else the broker holds back a command for up to 40 ms until the agent's system acknowledged what came before. */
const brokerConfig = ['set_tcp_nodelay true'];

/**
 * Command to pin: from the moment a client publishes a command until the level is driven, by the stamp at the wire. The
 * broker, the agent and the client are processes of their own. `pins=1000`: so many commands.
 */
export const benchPins: Bench = async ({ operand = '2000', tell }) => {
  tell('pins: the simulated driver');
  const simulated = distributionFigures('command to simulated pin', await onSimulatedBoard(Number(operand)));
  tell('pins: the kernel of an emulated board');
  return [...simulated, ...(await onEmulatedBoard(tell))];
};

/**
 * The same with agent, broker and client on an arm64 kernel, down to gpio-sim, by the stamps of the kernel. Its clock goes
 * by instructions, 4 ns each: about what a Raspberry Pi would take if it did 250 million a second, caches left out.
 */
async function onEmulatedBoard(tell: (text: string) => void): Promise<readonly Figure[]> {
  const run = await runBoard(tell, ['pins']);
  if ('missing' in run) tell(`pins: no emulated board: ${run.missing}`);
  const [machine] = 'missing' in run ? [] : run.runs;
  if (machine === undefined) return [];
  if (machine.fault !== undefined) throw new Error(machine.fault);
  const distribution = createDistribution();
  for (const ms of machine.samples) distribution.addMs(ms);
  return distributionFigures('command to pin on the emulated board', distribution);
}

async function onSimulatedBoard(commandsCount: number): Promise<Distribution> {
  const documents = [`gpio.relay: { driver: gpio-out, line: ${line}, number: 1 }`];
  await using rig = await startRig({ documents, lines: [line], mqtt: ['acks: final'], brokerConfig });
  const distribution = createDistribution();
  const wireLog = path.join(rig.board, line, 'log');
  for (let index = 0; index < warmUpCount + commandsCount; index += 1) {
    const publishedNs = process.hrtime.bigint(); // The clock of the stamps, too: the monotonic one of this machine.
    const said = rig.say('notify/gpio.relay', index % 2 === 0 ? 'ON' : 'OFF');
    await rig.hear({ verb: 'ack', document: 'gpio.relay' });
    await said;
    const drivenNs = lastStampNs(wireLog);
    if (index >= warmUpCount) distribution.addMs(Number(drivenNs - publishedNs) / 1e6);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return distribution;
}

function lastStampNs(wireLog: string): bigint {
  const rows = readFileSync(wireLog, 'utf8').trimEnd().split('\n');
  return BigInt(rows.at(-1)?.split(' ')[0] ?? '0');
}
