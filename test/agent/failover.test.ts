import { afterEach, beforeEach, expect, it } from 'vitest';
import { startAedes } from '../support/aedes.ts';
import { startCommander } from '../support/commander.ts';
import { startLinkAgent } from '../support/link-agent.ts';
import { on, type RealBroker } from '../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { collect } from '../support/mqtt-client.ts';

const relay = '  gpio.relay1: { driver: gpio-out, line: GPIO17 }';

/** The same rules as in the field, in less time. */
const rules = { probeMs: 150, probeTimeoutMs: 100, stableMs: 600 };

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

const starters = {
  mosquitto: startMosquitto,
  aedes: startAedes,
} satisfies { [name: string]: () => Promise<RealBroker> };

describeWithMosquitto('an agent with two brokers, under commands', () => {
  it.each([
    ['mosquitto', 5, 'aedes', 4],
    ['aedes', 4, 'mosquitto', 5],
  ] as const)('goes from %s (version %d) to %s (version %d) and back, and applies nothing twice', async (...names) => {
    const [heavyName, heavyVersion, lightName, lightVersion] = names;
    const heavy = stack.use(await starters[heavyName]());
    const light = stack.use(await starters[lightName]());
    const brokers = [on(heavy.port, { weight: 100 }), on(light.port, { weight: 10 })];
    const { agent, board, told } = stack.use(await startLinkAgent(relay, { brokers, rules }));
    expect(await told.ups.next()).toMatchObject({ protocolVersion: heavyVersion });
    const ports = [heavy.port, light.port];
    const commander = stack.use(await startCommander(ports, 'qn/1/pi-1/notify/gpio.relay1', 5));
    const more = (count: number) => {
      const wanted = commander.answeredCount + count;
      return expect.poll(() => commander.answeredCount, { timeout: 8_000 }).toBeGreaterThanOrEqual(wanted);
    };
    await more(20);

    await heavy.stop();
    expect(await told.ups.next()).toMatchObject({ protocolVersion: lightVersion });
    await more(20);
    await using health = await collect(light.port, 'qn/1/pi-1/health/agent');
    const { val } = JSON.parse((await health.next()).text);
    expect(val.link.brokers).toMatchObject([
      {
        url: `mqtt://127.0.0.1:${heavy.port}`,
        state: 'unusable',
        score: 0,
        reconnects: 0,
        last_error: { kind: 'closed' },
      },
      { url: `mqtt://127.0.0.1:${light.port}`, state: 'in-use', reconnects: 0 },
    ]);
    await heavy.start();
    const backAtMs = performance.now();
    expect(await told.ups.next()).toMatchObject({ protocolVersion: heavyVersion });
    expect(performance.now() - backAtMs).toBeGreaterThanOrEqual(rules.stableMs);
    await more(20);

    commander.stop();
    await expect.poll(() => commander.answeredCount, { timeout: 8_000 }).toBe(commander.givenCount);
    const { successful, refused } = agent.sources.dispatch();
    expect(successful).toBe(commander.givenCount);
    expect(refused.duplicate).toBeGreaterThan(0); // or nothing was proven
    expect(board.wire('GPIO17').edges.length).toBeLessThanOrEqual(commander.givenCount);
    expect(agent.sources.link().brokers).toMatchObject([
      { state: 'in-use', reconnects: 1 },
      { state: 'usable', reconnects: 0 },
    ]);
  });
});
