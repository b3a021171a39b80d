import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { openMqttLink } from '../../agent/mqtt/mqtt-link.ts';
import { startAgent } from '../../agent/start.ts';
import { configOf } from '../support/memory-agent.ts';
import { surroundingsOn } from '../support/surroundings.ts';

/** `fleet-run.ts PORT FIRST COUNT`: so many whole agents in this process, all of them begun at once; until it is killed. */
const [port, first, count] = process.argv.slice(2).map(Number);
const folder = await mkdtemp(path.join(tmpdir(), 'qn-bench-fleet-'));
process.on('SIGTERM', () => void rm(folder, { recursive: true, force: true }).then(() => process.exit(0)));

async function startOne(number: number): Promise<void> {
  const node = `pi-${number}`;
  const documents = [
    'gpio.relay: { driver: gpio-out, line: RELAY, number: 1 }',
    'gpio.button: { driver: gpio-in, line: BUTTON }',
  ];
  const config = { ...configOf({ documents }, folder), node, stateFolder: path.join(folder, node) };
  const around = { ...surroundingsOn(), random: Math.random };
  await startAgent(
    { config, hash: 'hash' },
    {
      ...around,
      openLink({ suffix, ...role }, subscriptions, handlers) {
        const brokers = [{ protocol: 'mqtt', host: '127.0.0.1', port: port ?? 0, weight: 1 }] as const;
        const options = { brokers, clientId: node + suffix, ...role, subscriptions, keepaliveSeconds: 30 };
        return openMqttLink(around, options, handlers);
      },
    },
  );
}

const numbers = Array.from({ length: count ?? 0 }, (_, index) => (first ?? 0) + index);
await Promise.all(numbers.map(startOne));
setInterval(() => {}, 3_600_000); // The agent's own timers keep no process alive, and while there is no broker there is nothing else.
