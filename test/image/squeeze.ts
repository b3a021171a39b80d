import { setTimeout as delay } from 'node:timers/promises';
import { fieldOf, type Heard, type Listener, statusOf } from '../support/heard.ts';
import type { Check } from './card-life.ts';
import type { EmulatedBoard } from './emulated-board.ts';
import { answerMsMax, bootMsMax, groupFolder } from './looks.ts';

/** More than any emulated processor here takes. */
const floodMs = 20_000;
const perTick = 200;
const tickMs = 50;
const triesMax = 60;
const pauseMs = 5_000;
const firstId = 7_000;
/** What it may take beyond what it has, before the kernel would kill it. */
const roomBytes = 16_000_000;

/**
 * The kernel gives it less memory than its unit says, and it gets more commands than it can take: it holds back and refuses,
 * and does not die of it.
 */
export async function squeeze(board: EmulatedBoard, broker: Listener, check: Check): Promise<void> {
  const before = await lookAtMemory(board);
  const { MemoryCurrent = 0 } = before;
  await limit(board, MemoryCurrent, MemoryCurrent + roomBytes);
  let sent = 0;
  for (const endMs = performance.now() + floodMs; performance.now() < endMs; await delay(tickMs)) {
    const [topic, last] = ['qn/1/pi_7/notify/gpio.relay1', perTick - 1];
    // The last of them waits until the others are on their way.
    for (let count = 0; count < last; count += 1) void broker.say(topic, 'ON', { qos: 0 });
    await broker.say(topic, 'ON', { qos: 0 });
    sent += perTick;
  }
  const tries = await commandUntilTaken(broker);
  const after = await lookAtMemory(board);
  const events = await board.shell(`tr "\\n" " " <${groupFolder}/memory.events`);
  const found = JSON.stringify({ sent, tries, before, after, events, refused: refusedOf(broker) });
  check('flooded with little memory, it goes on and takes commands again', tries !== undefined, found);
  const isSame = after['MainPID'] === before['MainPID'] && after['NRestarts'] === before['NRestarts'];
  const ends = await board.shell(
    'journalctl -u qn-agent -o cat | grep -E "atchdog timeout|process exited|OOM" | tail -4 || true',
  );
  check('it is the same process as before', isSame && /\boom_kill 0\b/.test(events), ends);
  await board.shell('sudo systemctl revert qn-agent');
  const heardBefore = new Set(broker.all);
  const test = (heard: Heard) => !heardBefore.has(heard) && heard.document === 'agent' && statusOf(heard) === 'online';
  const calm = await broker.hear({ target: 'pi_7', verb: 'health', test }, bootMsMax).catch(() => undefined);
  check('afterwards it is online', calm !== undefined);
}

/** As somebody who tries again when it refuses; how often that took. Undefined: it takes none any more. */
async function commandUntilTaken(broker: Listener): Promise<number | undefined> {
  for (let tries = 1; tries <= triesMax; tries += 1) {
    await broker.say('qn/1/pi_7/notify/gpio.relay1', `{"t":"notify","id":"${firstId + tries}","val":"OFF"}`);
    const ends: readonly unknown[] = ['successful', 'rejected'];
    const test = ({ message }: Heard) => message.t === 'ack' && ends.includes(message.st);
    const answer = { target: 'pi_7', verb: 'ack', id: BigInt(firstId + tries), test };
    const ack = await broker.hear(answer, answerMsMax).catch(() => undefined);
    if (ack?.message.t === 'ack' && ack.message.st === 'successful') return tries;
    await delay(pauseMs);
  }
  return undefined;
}

async function limit(board: EmulatedBoard, highBytes: number, maxBytes: number): Promise<void> {
  await board.shell(`sudo systemctl set-property --runtime qn-agent MemoryHigh=${highBytes} MemoryMax=${maxBytes}`);
}

async function lookAtMemory(board: EmulatedBoard): Promise<{ readonly [name: string]: number }> {
  const names = ['MemoryCurrent', 'MemoryPeak', 'MainPID', 'NRestarts'];
  const shown = await board.shell(
    `systemctl show qn-agent ${names.map((name) => `-p ${name}`).join(' ')}; ` +
      // What can be read from the card again counts as its memory as well; how much that is depends on who read it first.
      `grep -E "^(anon|file) " ${groupFolder}/memory.stat | tr " " =`,
  );
  const rows = shown.split('\n').map((line) => line.split('='));
  return Object.fromEntries(rows.map(([name = '', value]) => [name, Number(value)]));
}

/** As the last health report has it, which may be from before the end of it. */
function refusedOf(broker: Listener): string {
  const last = broker.all.findLast(({ target, document }) => target === 'pi_7' && document === 'agent');
  return JSON.stringify(fieldOf(last?.message.val, 'messages') ?? null);
}
