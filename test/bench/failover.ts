import { systemClock } from '../../agent/clock.ts';
import { silentLog } from '../../agent/log.ts';
import type { BrokerEndpoint } from '../../agent/mqtt/broker-endpoint.ts';
import { openMqttLink } from '../../agent/mqtt/mqtt-link.ts';
import { startAedes } from '../support/aedes.ts';
import { recordLink } from '../support/link-recorder.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openWeatherProxy } from '../support/weather-proxy.ts';
import type { Bench } from './benches.ts';
import { createDistribution } from './distribution.ts';
import { type Figure, figure } from './figure.ts';

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

function figuresOf(title: string, rounds: readonly Round[]): readonly Figure[] {
  const failovers = createDistribution();
  const known = createDistribution();
  for (const { failoverMs, knownMs } of rounds) {
    failovers.addMs(failoverMs);
    known.addMs(knownMs);
  }
  return [
    figure(`${title}, p50 of ${rounds.length}`, failovers.percentileMs(50), 'ms'),
    figure(`${title}, max`, failovers.maxMs, 'ms', { atMost: failoverMsMax }),
    figure(`${title}, until it is known, max`, known.maxMs, 'ms'),
  ];
}

/**
 * How long a failover takes, with the limits as they are shipped and the chance of a fleet: from the moment the broker
 * is known to be dead until the link is up, subscriptions included, at the next one.
 */
export const benchFailover: Bench = async ({ operand = '40', tell }) => {
  const count = Number(operand);
  const scenarios = [
    ['mosquitto killed, aedes next', count, () => killedRound(false)],
    ['aedes stopped, mosquitto next', count, () => killedRound(true)],
    ['two dead, the third next', count, twoDeadRound],
    ['silent on both ways, aedes next', Math.min(count, 3), silentRound], // Ten seconds each.
  ] as const;
  const figures: Figure[] = [];
  for (const [title, roundsCount, round] of scenarios) {
    tell(`failover: ${title}`);
    const rounds: Round[] = [];
    while (rounds.length < roundsCount) rounds.push(await round());
    figures.push(...figuresOf(title, rounds));
  }
  return figures;
};
