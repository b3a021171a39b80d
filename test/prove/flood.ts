import { setTimeout as delay } from 'node:timers/promises';
import { startRig } from '../support/rig.ts';

/**
 * `npm run prove:flood`: how long a command takes, notify to final ack, on an idle board and on one that is pushed 10 000
 * configs a minute that it refuses. Rounds alternate, because the machine is not alone. Exit code 1 when the 99th percentile
 * under the flood is three times that of the idle board or more.
 */
const rounds = 4;
const commandsPerRound = 150;
const pushesPerS = 10_000 / 60;

await using rig = await startRig({ documents: ['gpio.relay: { driver: gpio-out, line: GPIO17 }'], lines: ['GPIO17'] });
await rig.hear({ verb: 'state', document: 'config' });
let id = 1;

async function commandMs(): Promise<number> {
  id += 1;
  const startMs = performance.now();
  await rig.say('notify/gpio.relay', JSON.stringify({ id: `${id}`, src: 'prove', val: id % 2 === 0 }));
  await rig.hear({ verb: 'ack', document: 'gpio.relay', id: BigInt(id), status: 'successful' });
  return performance.now() - startMs;
}

const padding = 'x'.repeat(8_000);
let pushed = 0;

/** Until the signal: pushes with a token that is none, at the pace of 10 000 a minute. */
async function flood(signal: AbortSignal): Promise<void> {
  const startMs = performance.now();
  const before = pushed;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - startMs) / 1_000) * pushesPerS) - (pushed - before);
    for (let count = 0; count < due; count += 1) {
      pushed += 1;
      const push = { id: `${1_000_000 + pushed}`, src: 'flood', ver: 1, vc: { x: 1 }, tok: 'a.b.c', val: { padding } };
      void rig.say('notify/config', JSON.stringify(push));
    }
    await delay(10);
  }
}

async function measure(isFlooded: boolean): Promise<readonly number[]> {
  const stop = new AbortController();
  const flooding = isFlooded ? flood(stop.signal) : undefined;
  if (isFlooded) await delay(500);
  const took: number[] = [];
  for (let count = 0; count < commandsPerRound; count += 1) took.push(await commandMs());
  stop.abort();
  await flooding;
  await delay(500);
  return took;
}

const percentile = (values: readonly number[], share: number) =>
  values.toSorted((left, right) => left - right)[Math.floor(values.length * share)] ?? Number.NaN;

await measure(false); // Warm.
const idle: number[] = [];
const flooded: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  idle.push(...(await measure(false)));
  flooded.push(...(await measure(true)));
}
const [idleMs, floodedMs] = [percentile(idle, 0.99), percentile(flooded, 0.99)];
const refused = rig.listener.all.filter(
  ({ verb, message }) => verb === 'ack' && message.t === 'ack' && message.st === 'rejected',
).length;
console.log(
  JSON.stringify({
    ...{ commands: flooded.length, pushed, refused },
    idle_ms: { p50: percentile(idle, 0.5), p99: idleMs },
    flooded_ms: { p50: percentile(flooded, 0.5), p99: floodedMs },
    ratio: floodedMs / idleMs,
  }),
);
process.exitCode = floodedMs < 3 * idleMs && refused > 0 ? 0 : 1;
