import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createSimulatedBoard } from '../../drivers/gpio-simulated.ts';
import { startAgentProcess, startScript } from '../support/agent-process.ts';
import { configText } from '../support/config-text.ts';
import { openDatagramInbox } from '../support/datagrams.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { until } from '../support/until.ts';
import type { Bench } from './benches.ts';
import { createDistribution } from './distribution.ts';
import { figure } from './figure.ts';
import { watchSubacks } from './suback-watch.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.button1: { driver: gpio-in, line: GPIO27, bias: pull-up }',
];

/**
 * From exec to what a board waits for, beside a Node that runs an empty file, in turns: until the broker has said yes to the
 * subscription, and until the service manager hears READY=1, with the self-test done. `start=30`: so many starts of each.
 */
export const benchStart: Bench = async ({ operand = '20' }) => {
  await using broker = await startMosquitto();
  await using way = await watchSubacks(broker.port);
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-bench-start-'));
  const bare = createDistribution();
  const connected = createDistribution();
  const ready = createDistribution();
  try {
    const board = path.join(folder, 'board');
    createSimulatedBoard(board, ['GPIO17', 'GPIO27']);
    const empty = path.join(folder, 'empty.js');
    await writeFile(empty, '');
    const configFile = path.join(folder, 'config.yaml');
    const url = `mqtt://127.0.0.1:${way.port}`;
    await writeFile(configFile, configText({ url, board, state: path.join(folder, 'state'), documents }));
    await using inbox = await openDatagramInbox(path.join(folder, 'notify'));
    const env = { NOTIFY_SOCKET: path.join(folder, 'notify') };
    for (let round = -1; round < Number(operand); round += 1) {
      const told = inbox.received().length;
      const bareMs = await timeBare(empty);
      const startMs = performance.now();
      const suback = way.nextSubackMs();
      await using agent = startAgentProcess(configFile, { env });
      await until(() => inbox.received().slice(told).includes('READY=1'), 'ready', 20_000);
      const readyMs = performance.now() - startMs;
      const subackMs = (await suback) - startMs;
      await agent.end('SIGTERM');
      if (round < 0) continue; // The first reads everything from the disk.
      bare.addMs(bareMs);
      ready.addMs(readyMs);
      connected.addMs(subackMs);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const floor = bare.percentileMs(50);
  return [
    figure('node with an empty file, exec to exit, p50', floor, 'ms'),
    figure('bundle, exec to ready, p50', ready.percentileMs(50), 'ms', { floor, atMostTimesFloor: 1.5 }),
    figure('bundle, exec to SUBACK, p50', connected.percentileMs(50), 'ms', { floor, atMostTimesFloor: 3 }),
  ];
};

async function timeBare(script: string): Promise<number> {
  const startMs = performance.now();
  await using running = startScript(script, []);
  await running.ended;
  return performance.now() - startMs;
}
