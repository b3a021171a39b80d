import { setTimeout as delay } from 'node:timers/promises';
import { unitValues } from '../../build/systemd/node-flags.ts';
import type { Listener } from '../support/heard.ts';
import type { Check } from './card-life.ts';
import type { EmulatedBoard } from './emulated-board.ts';
import { answerMsMax } from './looks.ts';

const settleMs = 20_000;
const pauseMs = 5_000;
const commandsCount = 4;
const units = ['qn-agent.service', 'qn.slice'];
const firstId = 8_000;
/** Of a command where nothing is kept for the agent: it has lost more than a page or two. */
const faultsMin = 10;

/**
 * One program takes what memory there is, up to the last megabytes, and another reads the card without end. What a command
 * needs must not be brought from the card first: told by how often the kernel had to, since times in an emulator say little.
 */
export async function press(board: EmulatedBoard, broker: Listener, check: Check): Promise<void> {
  const pid = await board.shell('systemctl show qn-agent -p MainPID --value');
  await keep(board, '0');
  await board.shell(takeAll);
  await delay(settleMs);
  const bare = await command(board, broker, firstId);
  check('short of memory, with nothing kept for it, it waits for the card', mean(bare) >= faultsMin, told(bare));
  const [reserve = ''] = unitValues('MemoryMin');
  await keep(board, reserve);
  await delay(settleMs);
  const kept = await command(board, broker, firstId + commandsCount);
  const { isAnswered, swapped } = kept;
  check('with what its unit keeps for it, it does not', isAnswered && mean(kept) < 1, told(kept));
  check('nothing of it is swapped', swapped === 'VmSwap:0kB', swapped);
  await board.shell(`sudo systemctl stop qn-hog qn-reader; sudo systemctl revert ${units.join(' ')}`);
  const after = await board.shell('systemctl show qn-agent -p MainPID --value');
  check('it is the same process as before', after === pid);
  check('and the kernel has ended the other one', kept.killed.includes('(perl)'), kept.killed);
}

/** Services, which systemd starts again: the kernel ends what takes too much. */
const takeAll = [
  "megabytes=$(awk '/^MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)",
  'hog=\'my $x = "x" x (shift() << 20); while (1) { for (my $i = 0; $i < length $x; $i += 4096) { substr $x, $i, 1, chr rand 99 } sleep 1 }\'',
  'service="sudo systemd-run --quiet -p Restart=always -p RestartSec=1 -p StartLimitIntervalSec=0"',
  '$service --unit qn-hog perl -e "$hog" "$megabytes"',
  '$service --unit qn-reader sh -c "while :; do find /usr -type f -size +20k | xargs cat >/dev/null; done"',
].join('\n');

async function keep(board: EmulatedBoard, reserve: string): Promise<void> {
  // What a slice keeps goes to its services, also to one that asks for none.
  for (const unit of units) await board.shell(`sudo systemctl set-property --runtime ${unit} MemoryMin=${reserve}`);
}

interface Pressed {
  /** Of the commands: how often something was brought from the card until the ack was out. */
  readonly faults: readonly number[];
  readonly isAnswered: boolean;
  readonly swapped: string;
  readonly killed: string;
}

async function command(board: EmulatedBoard, broker: Listener, from: number): Promise<Pressed> {
  const look = 'stat=/proc/$(systemctl show qn-agent -p MainPID --value)/stat; cut -d " " -f 12 $stat';
  const faults: number[] = [];
  let isAnswered = true;
  for (let id = from; id < from + commandsCount; id += 1) {
    const before = Number(await board.shell(look));
    const text = `{"t":"notify","id":"${id}","val":"${id % 2 === 0 ? 'ON' : 'OFF'}"}`;
    await broker.say('qn/1/pi_7/notify/gpio.relay1', text);
    const test = { target: 'pi_7', verb: 'ack', id: BigInt(id) } as const;
    isAnswered &&= (await broker.hear(test, answerMsMax).catch(() => undefined)) !== undefined;
    faults.push(Number(await board.shell(look)) - before);
    await delay(pauseMs);
  }
  const swap = 'grep VmSwap /proc/$(systemctl show qn-agent -p MainPID --value)/status | tr -d "[:space:]"';
  const killed = 'journalctl -k -o cat --no-pager | grep "Killed process" | tail -1';
  return { faults, isAnswered, swapped: await board.shell(swap), killed: await board.shell(killed) };
}

function mean({ faults }: Pressed): number {
  return faults.reduce((sum, count) => sum + count, 0) / faults.length;
}

function told({ faults, isAnswered }: Pressed): string {
  return JSON.stringify({ faults, isAnswered });
}
