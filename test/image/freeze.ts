import { setTimeout as delay } from 'node:timers/promises';
import { dataFolder } from '../../build/image/setup/space.ts';
import type { Listener } from '../support/heard.ts';
import type { Check } from './card-life.ts';
import type { BoardKind, EmulatedBoard } from './emulated-board.ts';
import { answerMsMax, isOnline, levelOf, livesOf, successful } from './looks.ts';

const settleMs = 3_000;
const relay = 'qn/1/pi_7/notify/gpio.relay1';

/**
 * The card answers no more, and the agent dies with a relay on. The kernel cannot end a process of which a thread waits for a
 * disk: its descriptors stay open, and nobody starts it again.
 */
export async function freeze(kind: BoardKind, board: EmulatedBoard, broker: Listener, check: Check): Promise<void> {
  await broker.say(relay, 'ON');
  await broker.hear(successful, answerMsMax);
  const pid = await board.shell('systemctl show qn-agent -p MainPID --value');
  await board.shell(`sudo fsfreeze --freeze ${dataFolder}`);
  await broker.say(relay, '{"t":"notify","id":"9001","val":"toggle"}'); // Which it writes down before it does it.
  await delay(settleMs);
  const threads = () => board.shell(`ps -L -o stat=,comm= -p ${pid} | sort | uniq -c`);
  const level = () => levelOf(kind, board);
  const stuck = await threads();
  check('a thread of it waits for the card, with the relay on', / D/.test(stuck) && (await level()) === 'hi', stuck);
  const lives = livesOf(broker);
  await board.shell(`sudo kill -9 ${pid}`);
  await delay(settleMs);
  const left = await threads();
  check('killed, it cannot end', / D/.test(left) && / Z/.test(left), left);
  check('its relay is off all the same', (await level()) === 'lo');
  await board.shell(`sudo fsfreeze --unfreeze ${dataFolder}`);
  check('when the card answers, it comes back online', ...(await isOnline(broker, lives)));
}
