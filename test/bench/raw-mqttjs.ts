import process from 'node:process';
import mqtt from 'mqtt';
import { createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { openFolderBoard } from '../../drivers/simulated/folder-board.ts';
import { valueOf } from '../support/value-of.ts';

/**
 * What MQTT.js takes by itself: `raw-mqttjs.ts PORT nothing|writes BOARD [TOPIC LINE]…` subscribes to the topics and counts
 * what comes; with `writes` the level of each compact message goes to the line at once. Prints `ready`, and the count at
 * each SIGUSR2.
 */
const [port, does, folder = '', ...pairs] = process.argv.slice(2);
const gpio = createSimulatedGpio(openFolderBoard(folder));
const outputs = new Map<string, { write(level: 0 | 1): unknown }>();
for (let at = 0; at + 1 < pairs.length; at += 2) {
  const request = { line: pairs[at + 1] ?? '', initial: 'as-is', consumer: 'raw' } as const;
  outputs.set(pairs[at] ?? '', valueOf(await gpio.openOutput(request)));
}
let count = 0;
const client = mqtt.connect({ host: '127.0.0.1', port: Number(port), protocol: 'mqtt', protocolVersion: 5 });
client.on('message', (topic, payload) => {
  count += 1;
  if (does === 'writes') outputs.get(topic)?.write(payload[16] === 1 ? 1 : 0);
});
process.on('SIGUSR2', () => console.log(count));
await new Promise((resolve) => client.once('connect', resolve));
await client.subscribeAsync([...outputs.keys()], { qos: 1 });
console.log('ready');
