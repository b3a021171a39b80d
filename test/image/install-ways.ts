import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { runTool } from '../../build/run-tool.ts';
import { type Heard, type Listener, statusOf } from '../support/heard.ts';
import type { Check } from './card-life.ts';
import type { EmulatedBoard } from './emulated-board.ts';
import { bootMsMax, isOnline, livesOf } from './looks.ts';
import { installCommand, installCommands } from './readme-commands.ts';

/** What they need of the board beforehand, and how the config looks that somebody writes there. */
export interface WaysPlan {
  readonly board: EmulatedBoard;
  readonly broker: Listener;
  readonly brokerUrl: string;
  /** As YAML. */
  readonly document: string;
  readonly folder: string;
}

/** The other two ways of the README, as they are typed, on a board that has a Debian and no agent. */
export async function installOtherWays(plan: WaysPlan, check: Check): Promise<void> {
  await plan.board.shell('sudo DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y qn-agent');
  check('the agent of the card is gone', (await plan.board.shell('ls /usr/lib/qn-agent 2>/dev/null || true')) === '');
  await installPackage(plan, check);
  await plan.board.shell('sudo systemctl stop qn-agent; mkdir -p bin; ln -s /usr/lib/qn-agent/node bin/node');
  await unpackBundle(plan, check);
}

async function installPackage({ board, broker, brokerUrl, document }: WaysPlan, check: Check): Promise<void> {
  // Not synchronously: it takes minutes, and the broker would take us for dead.
  await runTool('sh', ['-c', installCommand('npm run deb')]);
  const deb = readdirSync('dist').find((file) => file.endsWith('_arm64.deb')) ?? '';
  check('the package is built', deb !== '', deb);
  await board.copy(path.join('dist', deb));
  const startMs = performance.now();
  const said = await board.shell(installCommand('sudo apt-get install'));
  check('package: it is installed, and says what comes next', said.includes('qn-agent check'), said.slice(-300));
  const config = `node: pi_7\nmqtt: { brokers: [{ url: "${brokerUrl}" }] }\ndocuments:\n  ${document}\n`;
  await board.shell(`echo '${config}' | sudo tee /etc/qn-agent/config.yaml`);
  const lives = livesOf(broker);
  await board.shell(installCommand('sudo qn-agent check'));
  check('package: it is online', ...(await isOnline(broker, lives)));
  check('package: from the file on the board to online', true, secondsSince(startMs));
}

async function unpackBundle({ board, broker, brokerUrl, folder }: WaysPlan, check: Check): Promise<void> {
  const archive = path.join(folder, 'qn-agent.tar.gz');
  execFileSync('sh', ['-c', installCommand('tar -C dist').replace('qn-agent.tar.gz', archive)]);
  await board.copy(archive);
  const startMs = performance.now();
  const all = installCommands();
  const onBoard = all.slice(all.indexOf(installCommand('mkdir')));
  // The example is of another board: only where the broker is, and where it may write, is said by hand.
  const hand = `export PATH=$HOME/bin:$PATH QN_NODE=pi-8 QN_STATE_FOLDER=$HOME/state QN_MQTT__BROKERS__0__URL=${brokerUrl}`;
  for (const command of onBoard.filter((line) => !line.includes(' run '))) await board.shell(`${hand}; ${command}`);
  check('bundle: it is unpacked, checked and tests itself', onBoard.length > 3);
  const run = onBoard.find((line) => line.includes(' run ')) ?? '';
  await board.shell(`${hand}; nohup ${run} >run.log 2>&1 & sleep 1`);
  const test = (heard: Heard) => statusOf(heard) === 'online' || statusOf(heard) === 'degraded';
  const heard = await broker.hear({ target: 'pi-8', verb: 'health', document: 'agent', test }, bootMsMax);
  check('bundle: it is at the broker, without what the example has and the board has not', true, JSON.stringify(heard));
  check('bundle: from the file on the board to the broker', true, secondsSince(startMs));
}

function secondsSince(startMs: number): string {
  return `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
}
