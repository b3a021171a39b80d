import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Value } from '../../agent/qn/message.ts';
import { fieldOf } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';
import { openTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { openProbe, type Probe, percentile } from './latency.ts';
import { openTalker, type Talker } from './talker.ts';

export interface OfflineOptions {
  /** Without a broker. */
  readonly seconds: number;
  readonly eventsPerSecond: number;
  /** Of an event; with more of them fewer fit into the outbox, and it drains sooner. */
  readonly eventBytes?: number;
  readonly tell?: (line: string) => void;
}

export interface OfflineFigures {
  readonly events: number;
  /** Different ones that came out, and how many came again. */
  readonly arrived: number;
  readonly again: number;
  /** Counted by the agent because its outbox met a bound. */
  readonly dropped: number;
  /** Came after a later one, for the first time. */
  readonly outOfOrder: number;
  /** In the outbox when the broker was there again: messages, and bytes with their overhead. */
  readonly stored: number;
  readonly storedBytes: number;
  /** Resident memory after a fifth of the time without a broker, and at its end. */
  readonly rssBytesEarly: number;
  readonly rssBytesLate: number;
  readonly drainMs: number;
  readonly idleMsP99: number;
  readonly drainMsP99: number;
  readonly commandsWhileDraining: number;
}

const idleCommandsCount = 200;
const comebackMsMax = 90_000;
const quietMs = 1_500;

/** A board that goes on measuring while nobody can hear it, and everything it has to say when somebody can. */
export async function runOffline({
  seconds,
  eventsPerSecond,
  eventBytes = 0,
  tell = () => {},
}: OfflineOptions): Promise<OfflineFigures> {
  await using talker = await openTalker(eventBytes);
  await using rig = await openRig({
    documents: [
      'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
      `serial.meter: { driver: serial-line, port: "${talker.port}", baud: 921600, delimiter: "\\n" }`,
    ],
    lines: ['GPIO17'],
    sections: 'health: { interval: 1s }',
    listensTo: 'qn/1/pi-1/health/agent',
  });
  await using proxy = await openTcpProxy(rig.broker.port);
  const text = readFileSync(rig.configFile, 'utf8');
  writeFileSync(rig.configFile, text.replace(rig.broker.url, `mqtt://127.0.0.1:${proxy.port}`));
  await using probe = await openProbe(rig.broker.port, 'gpio.relay1', 'serial.meter');
  await rig.start();
  const idleBefore = await probe.measure(idleCommandsCount);
  const rss = await beOffline(rig, proxy, talker, { seconds, eventsPerSecond, tell });
  const heardCount = rig.listener.all.length;
  const backMs = performance.now();
  comeBack(proxy);
  const untilMs = backMs + comebackMsMax;
  while (probe.events.length === 0 && performance.now() < untilMs) await delay(20);
  const isOver = createQuiet(probe, talker);
  const drain = await probe.measure(Number.POSITIVE_INFINITY, isOver);
  const drainMs = performance.now() - backMs;
  const idle = [...idleBefore, ...(await probe.measure(idleCommandsCount))]; // On both sides of it, as the machine has its moods.
  await delay(1_500); // One more report of health.
  const report = rig.listener.all.at(-1)?.message.val;
  const reports = rig.listener.all.slice(heardCount);
  return {
    ...countsOf(probe.events, talker.saidCount),
    dropped: outboxOf(report, 'dropped') + outboxOf(report, 'stored_dropped'),
    stored: Math.max(...reports.map(({ message }) => outboxOf(message.val, 'stored'))),
    storedBytes: Math.max(...reports.map(({ message }) => outboxOf(message.val, 'stored_bytes'))),
    ...rss,
    drainMs: Math.round(drainMs),
    idleMsP99: percentile(idle, 0.99),
    drainMsP99: percentile(drain, 0.99),
    commandsWhileDraining: drain.length,
  };
}

async function beOffline(
  rig: Rig,
  proxy: TcpProxy,
  talker: Talker,
  options: Required<Omit<OfflineOptions, 'eventBytes'>>,
) {
  const { seconds, eventsPerSecond, tell } = options;
  proxy.block();
  proxy.cut();
  await delay(500);
  talker.setRate(eventsPerSecond);
  let rssBytesEarly = 0;
  for (let second = 1; second <= seconds; second += 1) {
    await delay(1_000);
    const rssBytes = rig.agent.rssBytes();
    if (second === Math.ceil(seconds / 5)) rssBytesEarly = rssBytes;
    if (second % 10 === 0) tell(`${second} s, ${talker.saidCount} events, ${Math.round(rssBytes / 1e6)} MB resident`);
  }
  const rssBytesLate = rig.agent.rssBytes();
  talker.setRate(0);
  await delay(500);
  return { rssBytesEarly, rssBytesLate };
}

function comeBack(proxy: TcpProxy): void {
  proxy.pass();
  proxy.cut();
}

/** True when the last line came, or nothing for a while. */
function createQuiet(probe: Probe, talker: Talker): () => boolean {
  let count = 0;
  let sinceMs = performance.now();
  return () => {
    if (probe.events.length !== count) sinceMs = performance.now();
    count = probe.events.length;
    return numberOf(probe.events.at(-1)) === talker.saidCount - 1 || performance.now() - sinceMs > quietMs * 4;
  };
}

function countsOf(events: readonly string[], saidCount: number) {
  const seen = new Set<string>();
  let latest = -1;
  let outOfOrder = 0;
  for (const event of events) {
    const number = numberOf(event);
    if (!seen.has(event) && number < latest) outOfOrder += 1;
    seen.add(event);
    latest = Math.max(latest, number);
  }
  return { events: saidCount, arrived: seen.size, again: events.length - seen.size, outOfOrder };
}

function numberOf(event: string | undefined): number {
  return Number.parseInt(event?.slice(1) ?? '', 10);
}

function outboxOf(health: Value | undefined, name: string): number {
  return Number(fieldOf(fieldOf(health, 'outbox'), name) ?? 0);
}
