import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { formatReport } from '../../agent/cli/selftest-text.ts';
import { messageOf } from '../../drivers/system-error.ts';
import { build } from '../build.ts';
import { readOptions } from '../script-options.ts';
import { type AgentProcess, startAgentProcess } from './agent-process.ts';
import { createDemoBoard } from './board.ts';
import { findPort, startBroker } from './broker.ts';
import { type Seen, Spectator } from './spectator.ts';
import { crashTour, type Stage, tour } from './tour.ts';

const { values } = readOptions({
  command: 'npm run demo',
  summary: 'Broker, simulated board and the real agent: a short live view, then it stays up to be played with.',
  options: {
    tour: { type: 'boolean', help: 'the whole tour, each step asserted; ends with exit code 0 when all went well' },
  },
});
const isTour = values.tour === true;
const say = (line: string) => console.log(line);

await build();
await using broker = await startBroker(1883);
const httpPort = await findPort(8088);
await using board = await createDemoBoard(broker.port, httpPort);
const boardFolder = path.join(board.folder, 'board');
await using spectator = await Spectator.connect(broker.port, say);
let agent: AgentProcess = startAgentProcess(board.configFile);
const stage: Stage = {
  spectator,
  boardFolder,
  microcontroller: board.microcontroller,
  say,
  killAgent: () => agent.kill(),
  restartAgent() {
    agent = startAgentProcess(board.configFile);
  },
};

try {
  const stepsCount = await show();
  if (!isTour) await stayUp();
  await agent[Symbol.asyncDispose](); // What it says at its end comes before the last line.
  await pause(50);
  if (isTour) say(`\ntour done: ${stepsCount} of ${stepsCount} steps went as they should`);
} catch (error) {
  console.error(`demo: ${messageOf(error)}`);
  process.exitCode = 1;
} finally {
  await agent[Symbol.asyncDispose]();
}

/** How many steps were shown. */
async function show(): Promise<number> {
  say(`\nbroker on 127.0.0.1:${broker.port}, http on 127.0.0.1:${httpPort}, simulated board in ${boardFolder}\n`);
  printSelfTest(await spectator.expect('the self-test', ({ topic }) => topic === 'pi-1/state/selftest', 15_000));
  const steps = isTour ? [...tour, ...crashTour] : tour.slice(0, 4);
  for (const [index, [title, step]] of steps.entries()) {
    say(`\n${index + 1}. ${title}`);
    await step(stage);
    await pause(50); // Lets the last lines of this step be printed before the next title.
  }
  return steps.length;
}

function printSelfTest({ message: { val } }: Seen): void {
  say('\nself-test of the board, as published on state/selftest:');
  for (const line of formatReport(JSON.parse(JSON.stringify(val)))) say(`  ${line}`);
}

async function stayUp(): Promise<void> {
  const url = `mqtt://127.0.0.1:${broker.port}`;
  const option = broker.port === 1883 ? '' : ` --url ${url}`;
  say(`
The board stays up; what it says is printed here. In another terminal, in this folder, try:

  npx qnctl notify pi-1 gpio.relay1 ON${option}
  npx qnctl watch pi-1${option}
  mosquitto_pub -p ${broker.port} -q 1 -t qn/1/pi-1/notify/gpio.lamp -m ON
  curl -s http://127.0.0.1:${httpPort}/api/qn -d '{"action":"notify","topic":"gpio.lamp","value":"OFF"}'

Press the button:   echo pull-down > ${boardFolder}/GPIO27/pull
Look at the wire:   cat ${boardFolder}/GPIO17/value
Ctrl-C ends it.
`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  say('\nstopping');
}
