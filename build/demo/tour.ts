import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../../agent/qn/message.ts';
import { fieldsOf } from '../../agent/qn/value.ts';
import type { DemoMicrocontroller } from './microcontroller.ts';
import type { Spectator } from './spectator.ts';

export interface Stage {
  readonly spectator: Spectator;
  readonly boardFolder: string;
  readonly microcontroller: DemoMicrocontroller;
  say(line: string): void;
  killAgent(): Promise<void>;
  restartAgent(): void;
}

type Step = (stage: Stage) => Promise<void>;

const notify = 'qn/1/pi-1/notify';

/** Every step does one thing a user would do, and fails when the board does not do its part. */
export const tour: readonly (readonly [title: string, step: Step])[] = [
  ['switch a relay on by a plain MQTT message: ON on notify/gpio.relay1', (stage) => switchRelay(stage, 'ON')],
  ['and off again', (stage) => switchRelay(stage, 'OFF')],
  ['press the button: its line is pulled low on the board', pressButton],
  ['send a line to the scale: it answers in capitals', weigh],
  ['send nonsense: it is refused, and nothing moves', sendNonsense],
  ['send a command with the retain flag: it acts now, and the last step shows that it is not replayed', sendRetained],
  ['switch an output of the microcontroller, through a line that loses and garbles bytes', switchThroughNoise],
  ['press the emergency stop at the machine: the microcontroller acts by itself and tells', stopAtMachine],
  ["somebody else's topic: factory/stop switches the relay off", stopFromFactory],
];

const mcu = 'firmware.mcu0';

/** Kill -9 and restart; only for the tour, the demo stays up. */
export const crashTour: typeof tour = [
  ['kill -9 the agent: the broker says it is offline, and the microcontroller goes safe by itself', crash],
  ['start it again: birth, snapshots, and no old command replayed', comeBack],
];

async function switchRelay({ spectator, boardFolder }: Stage, word: 'ON' | 'OFF'): Promise<void> {
  spectator.forget();
  await spectator.publish(`${notify}/gpio.relay1`, word);
  await spectator.expect(`ack successful for ${word}`, (seen) => isAck(seen, 'gpio.relay1', 'successful'));
  if (word === 'ON')
    await spectator.expect('the retained snapshot', (seen) => isValue(seen, 'state/gpio.relay1', true));
  const level = word === 'ON' ? '0' : '1'; // active: low
  assertEqual(`the wire after ${word}`, readWire(boardFolder, 'GPIO17'), level);
}

async function pressButton({ spectator, boardFolder }: Stage): Promise<void> {
  for (const [pull, value] of [
    ['pull-down', true],
    ['pull-up', false],
  ] as const) {
    spectator.forget();
    writeFileSync(path.join(boardFolder, 'GPIO27', 'pull'), pull);
    await spectator.expect(`event of the button (${pull})`, (seen) => isValue(seen, 'event/gpio.button1', value));
  }
}

async function weigh({ spectator }: Stage): Promise<void> {
  spectator.forget();
  await spectator.publish(`${notify}/serial.scale`, '"tare 1.5 kg"');
  await spectator.expect('the answer of the scale', (seen) => isValue(seen, 'event/serial.scale', 'TARE 1.5 KG'));
}

async function sendNonsense({ spectator, boardFolder }: Stage): Promise<void> {
  spectator.forget();
  const before = readWire(boardFolder, 'GPIO17');
  await spectator.publish(`${notify}/gpio.relay1`, 'perhaps');
  await spectator.expect('the refusal', (seen) => isAck(seen, 'gpio.relay1', 'rejected'));
  assertEqual('the wire after nonsense', readWire(boardFolder, 'GPIO17'), before);
}

async function sendRetained({ spectator }: Stage): Promise<void> {
  await spectator.publish(`${notify}/gpio.lamp`, 'ON', true);
  await spectator.expect('the lamp switched by the live copy', (seen) => isAck(seen, 'gpio.lamp', 'successful'));
}

async function switchThroughNoise({ spectator, microcontroller }: Stage): Promise<void> {
  microcontroller.weather({ noiseChance: 0.2, dropChance: 0.1 });
  for (const channel of [1, 2]) {
    spectator.forget();
    await spectator.publish(`${notify}/${mcu}.out${channel}`, 'ON');
    await spectator.expect('successful, in spite of the line', (seen) =>
      isAck(seen, `${mcu}.out${channel}`, 'successful'),
    );
    assertEqual(`output ${channel} of the microcontroller`, String(microcontroller.wire(channel)), 'true');
  }
  microcontroller.weather({});
}

async function stopAtMachine({ spectator, microcontroller }: Stage): Promise<void> {
  spectator.forget();
  microcontroller.stop(true);
  assertEqual('output 1 after the emergency stop', String(microcontroller.wire(1)), 'false');
  await spectator.expect('the stop, told', (seen) => isValue(seen, `event/${mcu}.emergency-stop`, true));
  await spectator.expect('the output, told', (seen) => isValue(seen, `state/${mcu}.out1`, false));
  microcontroller.stop(false);
  await spectator.expect('its release, told', (seen) => isValue(seen, `event/${mcu}.emergency-stop`, false));
  await spectator.publish(`${notify}/${mcu}.out1`, 'ON');
  await spectator.expect('on again', (seen) => isAck(seen, `${mcu}.out1`, 'successful'));
}

async function stopFromFactory(stage: Stage): Promise<void> {
  await switchRelay(stage, 'ON');
  stage.spectator.forget();
  await stage.spectator.publish('factory/stop', '{"pressed": true}');
  await stage.spectator.expect('the relay off', (seen) => isValue(seen, 'state/gpio.relay1', false));
}

async function crash({ spectator, microcontroller, killAgent }: Stage): Promise<void> {
  assertEqual('output 1 of the microcontroller before', String(microcontroller.wire(1)), 'true');
  spectator.forget();
  await killAgent();
  await spectator.expect('offline, said by the broker', (seen) => isStatus(seen, 'offline'));
  await expectWire(
    'output 1 of the microcontroller, switched off by its watchdog',
    () => microcontroller.wire(1) === false,
  );
}

async function comeBack({ spectator, boardFolder, restartAgent }: Stage): Promise<void> {
  spectator.forget();
  restartAgent();
  await spectator.expect('birth', (seen) => isStatus(seen, 'online'), 15_000);
  await spectator.expect('the refused retained command', (seen) => isAck(seen, 'gpio.lamp', 'rejected'));
  await spectator.expect('the snapshot of the lamp', (seen) => isValue(seen, 'state/gpio.lamp', false));
  assertEqual('the lamp after the restart', readWire(boardFolder, 'GPIO22'), '0');
  await spectator.publish(`${notify}/gpio.lamp`, '', true); // Takes the retained command off the broker.
}

type Seen = Parameters<Parameters<Spectator['expect']>[1]>[0];

function isAck({ topic, message }: Seen, document: string, status: string): boolean {
  return topic === `pi-1/ack/${document}` && message.t === 'ack' && message.st === status;
}

function isValue({ topic, message }: Seen, below: string, value: Value): boolean {
  return topic === `pi-1/${below}` && isDeepStrictEqual(message.val, value);
}

function isStatus({ topic, message }: Seen, status: string): boolean {
  return topic === 'pi-1/health/agent' && fieldsOf(message.val)['status'] === status;
}

function readWire(boardFolder: string, line: string): string {
  return readFileSync(path.join(boardFolder, line, 'value'), 'utf8').trim();
}

async function expectWire(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries += 1) {
    if (tries > 500) throw new Error(`not seen within 5 s: ${what}`);
    await pause(10);
  }
}

function assertEqual(what: string, found: string, expected: string): void {
  if (found !== expected) throw new Error(`${what} is ${found}, expected ${expected}`);
}
