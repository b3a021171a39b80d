import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dataNumber } from '../../build/image/setup/space.ts';
import { type Listener, openListener } from '../support/heard.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { type BoardKind, type EmulatedBoard, switchOn } from './emulated-board.ts';
import { freeze } from './freeze.ts';
import { installOtherWays } from './install-ways.ts';
import {
  command,
  hang,
  isAtBroker,
  isOnline,
  kill,
  livesOf,
  lookAround,
  lookAtAddress,
  lookAtCommandLine,
  lookAtDisk,
  lookAtLostRoot,
  lookAtRadio,
  lookAtSandbox,
  lookAtSelfTest,
  pins,
  wifi,
  wired,
} from './looks.ts';
import { press } from './press.ts';
import { takeBootFiles, writeCard } from './sd-card.ts';
import { squeeze } from './squeeze.ts';

export interface ImageStep {
  readonly step: string;
  /** Since the step before. */
  readonly took_s: number;
  readonly found?: string;
  /** Undefined: as it should be. */
  readonly fault?: string;
}

export interface LifePlan {
  readonly image: string;
  readonly kind: BoardKind;
  readonly root: 'writable' | 'read-only';
  /** Whether it is flooded as well, and the other ways of installing are tried on it afterwards. */
  readonly isThorough: boolean;
}

export type Check = (step: string, isRight: boolean, found?: string) => void;

/** From a card that a person has edited to a board that is killed, cut off and given a faulty file; a look after each. */
export async function liveWithImage(plan: LifePlan, tell: (step: ImageStep) => void): Promise<readonly ImageStep[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-image-'));
  await using mosquitto = await startMosquitto();
  // Without keepalive: writing a card holds us up for longer than a broker waits.
  await using broker = await openListener(mosquitto.port, 'qn/1/#', { keepalive: 0 });
  const steps: ImageStep[] = [];
  let lapMs = performance.now();
  const check: Check = (step, isRight, found) => {
    const took_s = Math.round((performance.now() - lapMs) / 100) / 10;
    lapMs = performance.now();
    const told = { step, took_s, ...(found !== undefined && { found }), ...(!isRight && { fault: 'it is not so' }) };
    steps.push(told);
    tell(told);
  };
  try {
    await live(plan, { folder, broker, port: mosquitto.port }, check);
  } catch (error) {
    check('it goes on', false, String(error));
  } finally {
    rmSync(folder, { recursive: true });
  }
  return steps;
}

interface Surroundings {
  readonly folder: string;
  readonly broker: Listener;
  readonly port: number;
}

async function live(plan: LifePlan, { folder, broker, port }: Surroundings, check: Check): Promise<void> {
  const { image, kind, root } = plan;
  const sshKey = path.join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', sshKey]);
  const card = writeCard(image, folder);
  const shipped = card.read('qn-agent.yaml') ?? '';
  const written = edit(shipped, plan, port, readFileSync(`${sshKey}.pub`, 'utf8').trim());
  card.write('qn-agent.yaml', written);
  const files = takeBootFiles(card, folder);
  check('the card has the file to edit, and a kernel', shipped.includes('node: pi-1'));

  const sshPort = await freePort();
  const consoleLog = path.resolve(`.cache/image-${kind}-${root}.log`);
  rmSync(consoleLog, { force: true });
  const machine = { kind, card, files, folder, sshPort, sshKey, consoleLog };
  const start = () => switchOn(machine);
  lookAtCommandLine(files.commandLine, check);
  if (plan.isThorough) {
    const commandLine = files.commandLine.replace('LABEL=root', 'LABEL=gone');
    await using lost = switchOn({ ...machine, files: { ...files, commandLine } });
    await lookAtLostRoot(lost, check);
  }
  {
    await using board = start();
    check('the first start: it is online at the broker', ...(await isOnline(broker, new Set())));
    await lookAtSelfTest(broker, check);
    await lookAround(board, check);
    await lookAtSandbox(board, check);
    if (plan.isThorough) await lookAtAddress(board, check);
    await lookAtRadio(board, check);
    await lookAtDisk(board, root, check);
    if (root === 'writable') await lookAtTrouble(board, check);
    await kill(board, broker, check);
    await command(kind, board, broker, check);
    await hang(kind, board, broker, check);
    if (root === 'read-only') await freeze(kind, board, broker, check);
    if (plan.isThorough) await press(board, broker, check);
    if (plan.isThorough) await squeeze(board, broker, check);
  }
  const lives = livesOf(broker);
  card.write('qn-agent.yaml', written.replace('driver: gpio-out', 'driver: gpio-uot'));
  {
    await using board = start();
    check('after a power cut, and with a faulty file, it is online as before', ...(await isOnline(broker, lives)));
    await lookAtFaults(board, check);
    const document = documentOf(kind);
    if (plan.isThorough) await installOtherWays({ board, broker, brokerUrl: brokerUrl(port), document, folder }, check);
  }
  if (root === 'writable') return;
  const before = livesOf(broker);
  card.breakPartition(dataNumber);
  await using board = start();
  check('without its data partition it is at the broker all the same', ...(await isAtBroker(broker, before)));
  await command(kind, board, broker, check);
}

/** What a person types into the file: where the broker is, a pin, and the key to log in with. */
function edit(shipped: string, { kind, root, isThorough }: LifePlan, port: number, key: string): string {
  return shipped
    .replace('node: pi-1', 'node: pi_7')
    .replace('mqtt://192.168.1.10:1883', brokerUrl(port))
    .replace('documents: {}', `documents:\n  ${documentOf(kind)}`)
    .replace(/^ {2}# ssh-keys: .*$/m, `  ssh-keys: ["${key}"]`)
    .replace(/^ {2}# wired: .*$/m, isThorough ? `  wired: ${JSON.stringify(wired)}` : '')
    .replace(/^ {2}# wifi: .*$/m, `  wifi: ${JSON.stringify(wifi)}`)
    .replace('root: writable', `root: ${root}`);
}

function brokerUrl(port: number): string {
  return `mqtt://10.0.2.2:${port}`; // This machine, as the emulated one sees it.
}

function documentOf(kind: BoardKind): string {
  return `gpio.relay1: { driver: gpio-out, line: ${pins[kind].line} }`;
}

/** Somebody changed the file, and the root does not take it; then it does. */
async function lookAtTrouble(board: EmulatedBoard, check: Check): Promise<void> {
  const report = '/boot/firmware/qn-agent-faults.txt';
  await board.shell('sudo chattr +i /etc/hosts; echo "# again" | sudo tee -a /boot/firmware/qn-agent.yaml');
  const told = await board.shell(`sudo systemctl restart qn-setup 2>/dev/null || sudo cat ${report}`);
  check('what keeps it from taking the file over is told on the card', told.includes('/etc/hosts'), told);
  await board.shell('sudo chattr -i /etc/hosts; sudo systemctl restart qn-setup');
  const left = await board.shell(`sudo ls ${report} 2>/dev/null || systemctl is-failed qn-setup || true`);
  check('and no more when it was taken over', left === 'inactive', left);
}

/** The power was cut; then somebody mistyped a key. */
async function lookAtFaults(board: EmulatedBoard, check: Check): Promise<void> {
  const told = await board.shell('sudo cat /boot/firmware/qn-agent-faults.txt');
  check('the faults are told on the card', told.includes('did you mean gpio-out?'), told);
  check('and on the console', board.console.includes('did you mean gpio-out?'));
  const failed = await board.shell('systemctl --failed --no-legend --plain | cut -d " " -f 1');
  check('and by systemd', failed === 'qn-setup.service', failed);
}
