import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { serialQuietMsMin } from '../../agent/documents/limits.ts';
import { ok } from '../../drivers/contract/result.ts';
import { startAedes } from '../support/aedes.ts';
import { startCommander } from '../support/commander.ts';
import { ejabberdUser, hasEjabberd, startEjabberd } from '../support/ejabberd.ts';
import { startLinkAgent } from '../support/link-agent.ts';
import { on, type RealBroker } from '../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { collect } from '../support/mqtt-client.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.gate: { driver: gpio-out, line: GPIO22 }',
  'serial.meter: { driver: serial-line, port: /dev/ttyS0, delimiter: "\\n" }',
];

/** The same rules as in the field, in less time. */
const rules = { probeMs: 300, probeTimeoutMs: 400, stableMs: 1_000 };
/** From the moment at which a broker is known to be dead. */
const failoverMsMax = 2_000;
/** Ejabberd takes nobody without a name, the others take everybody. */
const identity = { username: ejabberdUser.username, password: () => ok(ejabberdUser.password) };

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

interface TestBroker extends RealBroker {
  kill?(): Promise<void>;
  /** What it acknowledged, where it may forget that in its end. */
  readonly taken?: readonly { readonly topic: string; readonly text: string }[];
}

const starters = {
  mosquitto: startMosquitto,
  aedes: startAedes,
  ejabberd: startEjabberd,
} satisfies { [name: string]: () => Promise<TestBroker> };

/** Numbered lines of a device, and which of them came out at any of the brokers. */
async function startEvents(brokers: readonly TestBroker[], talk: (line: string) => void) {
  const topic = 'qn/1/pi-1/event/serial.meter';
  const collectors: Awaited<ReturnType<typeof collect>>[] = [];
  const listen = async (port: number) => void collectors.push(stack.use(await collect(port, topic, ejabberdUser)));
  for (const { port } of brokers) await listen(port);
  let saidCount = 0;
  await delay(2 * serialQuietMsMin); // Else the first may pass for the tail of one before.
  const timer = setInterval(() => talk(`e${(saidCount += 1)}`), 10);
  stack.defer(() => clearInterval(timer));
  const heard = () => {
    const taken = brokers.flatMap((broker) => broker.taken ?? []).filter((message) => message.topic === topic);
    const texts = [...collectors.flatMap(({ all }) => all), ...taken].map(({ text }) => text);
    return new Set(texts.map((text) => JSON.parse(text).val));
  };
  return {
    listen,
    stop: () => clearInterval(timer),
    missing: () =>
      Array.from({ length: saidCount }, (_, index) => `e${index + 1}`).filter((name) => !heard().has(name)),
  };
}

describeWithMosquitto('an agent with two brokers, under commands and with events', () => {
  const pairs = [
    ['mosquitto', 5, 'aedes', 4],
    ['aedes', 4, 'mosquitto', 5],
    ['ejabberd', 5, 'mosquitto', 5],
  ] as const;
  for (const [heavyName, heavyVersion, lightName, lightVersion] of pairs) {
    const ways = `from ${heavyName} (version ${heavyVersion}) to ${lightName} (version ${lightVersion}) and back`;
    const isHere = heavyName !== 'ejabberd' || hasEjabberd;
    const reason = isHere ? '' : ' (skipped: no ejabberd here, apt-get install ejabberd)';
    it.skipIf(!isHere)(`goes ${ways}, does nothing twice and loses nothing${reason}`, { timeout: 90_000 }, async () => {
      const heavy = stack.use<TestBroker>(await starters[heavyName]());
      const light = stack.use<TestBroker>(await starters[lightName]());
      const ports = [heavy.port, light.port];
      const brokers = [on(heavy.port, { weight: 100 }), on(light.port, { weight: 10 })];
      const { agent, board, told, talk } = stack.use(await startLinkAgent(documents, { brokers, rules, ...identity }));
      expect(await told.ups.next()).toMatchObject({ protocolVersion: heavyVersion });
      const events = await startEvents([heavy, light], talk);
      const relay = { document: 'gpio.relay1', periodMs: 5, valueOf: (number: number) => number % 2 === 1 };
      const gate = { document: 'gpio.gate', periodMs: 20, valueOf: () => 'toggle' };
      const commanders = [
        stack.use(await startCommander(ports, { ...relay, client: ejabberdUser })),
        stack.use(await startCommander(ports, { ...gate, client: ejabberdUser })),
      ];
      const answered = () => commanders.map(({ answeredCount }) => answeredCount);
      const more = (count: number) => {
        const wanted = answered().map((now) => now + count);
        return expect
          .poll(() => answered().every((now, index) => now >= wanted[index]!), { timeout: 15_000 })
          .toBe(true);
      };
      await more(20);

      await (heavy.kill ?? heavy.stop)();
      await told.downs.next();
      const knownAtMs = performance.now();
      expect(await told.ups.next()).toMatchObject({ protocolVersion: lightVersion });
      expect(performance.now() - knownAtMs).toBeLessThan(failoverMsMax);
      await more(20);
      await using health = await collect(light.port, 'qn/1/pi-1/health/agent', ejabberdUser);
      const { val } = JSON.parse((await health.next()).text);
      expect(val.link.brokers).toMatchObject([
        {
          url: `mqtt://127.0.0.1:${heavy.port}`,
          state: 'unusable',
          score: 0,
          reconnects: 0,
          last_error: { kind: expect.stringMatching(/^(closed|refused)$/) }, // A probe may have been there meanwhile.
        },
        { url: `mqtt://127.0.0.1:${light.port}`, state: 'in-use', reconnects: 0 },
      ]);
      await heavy.start();
      const backAtMs = performance.now();
      await events.listen(heavy.port);
      expect(await told.ups.next()).toMatchObject({ protocolVersion: heavyVersion });
      expect(performance.now() - backAtMs).toBeGreaterThanOrEqual(rules.stableMs);
      await more(20);

      events.stop();
      for (const commander of commanders) commander.stop();
      const givenCounts = commanders.map(({ givenCount }) => givenCount);
      await expect.poll(answered, { timeout: 15_000 }).toEqual(givenCounts);
      await expect.poll(events.missing, { timeout: 15_000 }).toEqual([]);
      const isEmpty = () => agent.sources.outbox();
      await expect.poll(isEmpty, { timeout: 15_000 }).toMatchObject({ refused: 0, storedDropped: 0, stored: 0 });
      const { successful, superseded, failed, refused } = agent.sources.dispatch();
      // An off takes the place of an on that still waits (QN-4.6).
      expect([successful + superseded, failed]).toEqual([givenCounts[0]! + givenCounts[1]!, 0]);
      expect(refused.duplicate).toBeGreaterThan(0); // or nothing was proven
      expect(board.wire('GPIO17').edges.length).toBeLessThanOrEqual(givenCounts[0]!);
      expect(board.wire('GPIO22').edges.length).toBe(givenCounts[1]);
      expect(agent.sources.link().brokers).toMatchObject([
        { state: 'in-use', reconnects: expect.toSatisfy((count: number) => count >= 1) },
        { state: 'usable' },
      ]);
    });
  }
});
