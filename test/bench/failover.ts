import { strict as assert } from 'node:assert';
import { systemClock } from '../../agent/clock.ts';
import { silentLog } from '../../agent/log.ts';
import type { BrokerEndpoint } from '../../agent/mqtt/broker-endpoint.ts';
import { openMqttLink } from '../../agent/mqtt/mqtt-link.ts';
import { startAedes } from '../support/aedes.ts';
import { recordLink } from '../support/link-recorder.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openWeatherProxy } from '../support/weather-proxy.ts';

/**
 * How long a failover takes, with the limits as they are shipped and the chance of a fleet: from the moment the broker
 * is known to be dead until the link is up, subscriptions included, at the next one. `node test/bench/failover.ts`.
 */
const roundsCount = 40;
const failoverMsMax = 2_000;

interface Round {
  /** From what happened until `onDown`. */
  readonly knownMs: number;
  /** From `onDown` until `onUp`. */
  readonly failoverMs: number;
}

function openLink(brokers: readonly BrokerEndpoint[]) {
  const told = recordLink();
  const will = { topic: 'status', payload: Buffer.from('gone'), qos: 1, retain: true } as const;
  const subscriptions = [{ filter: 'in/#', qos: 1 }] as const;
  const options = { brokers, clientId: 'board', will, subscriptions, keepaliveSeconds: 30 };
  let downAtMs = 0;
  let upAtMs = 0;
  const handlers = {
    ...told.handlers,
    onUp: (up: Parameters<typeof told.handlers.onUp>[0]) => ((upAtMs = performance.now()), told.handlers.onUp(up)),
    onDown: (error: Parameters<typeof told.handlers.onDown>[0]) => (
      (downAtMs = performance.now()), told.handlers.onDown(error)
    ),
  };
  const link = openMqttLink({ clock: systemClock, random: Math.random, log: silentLog }, options, handlers);
  return { link, told, times: () => ({ downAtMs, upAtMs }) };
}

function broker(port: number, weight: number): BrokerEndpoint {
  return { protocol: 'mqtt', host: '127.0.0.1', port, weight };
}

/** Mosquitto (MQTT 5) is killed, aedes (3.1.1) takes over; or, `isReversed`, the other way round. */
async function killedRound(isReversed: boolean): Promise<Round> {
  await using mosquitto = await startMosquitto();
  await using aedes = await startAedes();
  const [heavy, light] = isReversed ? [aedes, mosquitto] : [mosquitto, aedes];
  const { link, told, times } = openLink([broker(heavy.port, 100), broker(light.port, 10)]);
  await using _ = link;
  await told.ups.next();
  const sinceMs = performance.now();
  await (isReversed ? aedes.stop() : mosquitto.kill());
  await told.ups.next();
  const { downAtMs, upAtMs } = times();
  return { knownMs: downAtMs - sinceMs, failoverMs: upAtMs - downAtMs };
}

/** The wire swallows everything and closes nothing: found by the heartbeat. */
async function silentRound(): Promise<Round> {
  await using mosquitto = await startMosquitto();
  await using aedes = await startAedes();
  await using wire = await openWeatherProxy(mosquitto.port);
  const { link, told, times } = openLink([broker(wire.port, 100), broker(aedes.port, 10)]);
  await using _ = link;
  await told.ups.next();
  const sinceMs = performance.now();
  wire.setWeather({ toClient: { isSilent: true }, toServer: { isSilent: true } });
  await told.ups.next(() => true, 30_000);
  const { downAtMs, upAtMs } = times();
  return { knownMs: downAtMs - sinceMs, failoverMs: upAtMs - downAtMs };
}

/** The next one in weight is dead as well, and nobody had the time to probe it. */
async function twoDeadRound(): Promise<Round> {
  await using mosquitto = await startMosquitto();
  await using aedes = await startAedes();
  const brokers = [broker(mosquitto.port, 100), broker(await freePort(), 50), broker(aedes.port, 10)];
  const { link, told, times } = openLink(brokers);
  await using _ = link;
  await told.ups.next();
  const sinceMs = performance.now();
  await mosquitto.kill();
  await told.ups.next();
  const { downAtMs, upAtMs } = times();
  return { knownMs: downAtMs - sinceMs, failoverMs: upAtMs - downAtMs };
}

function report(title: string, rounds: readonly Round[]): void {
  const failovers = rounds.map(({ failoverMs }) => failoverMs).toSorted((one, other) => one - other);
  const [worstMs = 0] = failovers.slice(-1);
  const medianMs = failovers[Math.floor(failovers.length / 2)] ?? 0;
  const knownMs = Math.max(...rounds.map((round) => round.knownMs));
  const numbers = [medianMs, worstMs, knownMs].map((ms) => `${ms.toFixed(0)} ms`);
  console.log(`${title}: median ${numbers[0]}, worst ${numbers[1]} of ${rounds.length}; known within ${numbers[2]}`);
  assert(worstMs <= failoverMsMax, `${title}: ${worstMs} ms, more than ${failoverMsMax}`);
}

async function repeat(count: number, round: () => Promise<Round>): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  while (rounds.length < count) rounds.push(await round());
  return rounds;
}

report('mosquitto killed, aedes next', await repeat(roundsCount, () => killedRound(false)));
report('aedes stopped, mosquitto next', await repeat(roundsCount, () => killedRound(true)));
report('two dead, the third next', await repeat(roundsCount, twoDeadRound));
report('silent on both ways, aedes next', await repeat(3, silentRound));
