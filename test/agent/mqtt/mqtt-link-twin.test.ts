import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reconnectDelayMsMin, twinDelayMsMin, twinHangUpsMax } from '../../../agent/limits.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { linkDependencies, on, openRecorded } from '../../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';
import { collect } from '../../support/mqtt-client.ts';
import { disconnectBytes, speakMqtt5, startOddBroker } from '../../support/odd-broker.ts';

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

/** A broker that says each time, soon after it let somebody in, that the session was taken over. */
async function startTakingOver(): Promise<number> {
  const odd = await startOddBroker((socket) => {
    speakMqtt5(socket, [0x01], disconnectBytes, () => socket.end());
  });
  return stack.use(odd).port;
}

function open(ports: readonly number[], protocolVersion?: 4 | 5) {
  const clock = createFakeClock();
  const version = protocolVersion === undefined ? {} : { protocolVersion };
  const brokers = ports.map((port, index) => on(port, { weight: 9 - index, ...version }));
  const { link, told } = openRecorded(brokers, { clientId: 'twin' }, { ...linkDependencies, clock });
  return { clock, link: stack.use(link), told };
}

const isTwin = { kind: 'closed', code: 'client-id-twice', fix: expect.stringContaining('mqtt.client-id') };

describe('a link with a twin, at a broker that says so', () => {
  it('tells that its client id is used twice, keeps off for long, and goes on trying', async () => {
    const { clock, link, told } = open([await startTakingOver()]);
    expect(await told.downs.next()).toMatchObject({ ...isTwin, detail: expect.stringContaining('taken over (0x8e)') });
    await clock.advance(reconnectDelayMsMin);
    const detail = expect.stringContaining('client id "twin" is used twice');
    expect(await told.downs.next()).toMatchObject({ ...isTwin, detail });
    expect(link.brokers()[0]).toMatchObject({ state: 'usable', lastError: { code: 'client-id-twice' } });
    expect(link.counters.attempts).toBe(2);
    await clock.advance(twinDelayMsMin - 1);
    expect(link.counters.attempts).toBe(2);
    await clock.advance(1);
    expect(await told.downs.next()).toMatchObject({ detail });
    expect(link.counters.attempts).toBe(3);
  });

  it('does not fail over because of it: the twin is no fault of the broker', async () => {
    const [port, otherPort] = [await startTakingOver(), await startTakingOver()];
    const { clock, told } = open([port, otherPort]);
    for (const waitMs of [reconnectDelayMsMin, twinDelayMsMin, twinDelayMsMin]) {
      expect((await told.ups.next()).broker).toContain(`:${port}`);
      await told.downs.next();
      await clock.advance(waitMs);
    }
  });
});

describe('a link that is cut by a reset, as by a broker that closes while we write', () => {
  it('takes it for a twin after a while, like any other end without a word', async () => {
    const odd = await startOddBroker((socket) => {
      speakMqtt5(socket, [0x01], new Uint8Array(0), () => socket.resetAndDestroy());
    });
    const { clock, told } = open([stack.use(odd).port]);
    for (let count = 1; count <= twinHangUpsMax; count += 1) {
      const { detail, cause } = await told.downs.next();
      if (count < twinHangUpsMax) expect(cause).toMatchObject({ code: 'ECONNRESET' });
      expect(detail.includes('probably used twice')).toBe(count === twinHangUpsMax);
      if (count < twinHangUpsMax) await clock.advance(30_000);
    }
  });
});

describeWithMosquitto('a link with a twin, at a broker that only hangs up', () => {
  it.each([4, 5] as const)('guesses it after a while, in version %d', async (protocolVersion) => {
    const broker = stack.use(await startMosquitto());
    const { clock, link, told } = open([broker.port], protocolVersion);
    for (let count = 1; count <= twinHangUpsMax; count += 1) {
      await told.ups.next();
      stack.use(await collect(broker.port, 'x', { clientId: 'twin' }));
      const { detail } = await told.downs.next();
      expect(detail.includes('probably used twice')).toBe(count === twinHangUpsMax);
      if (count < twinHangUpsMax) await clock.advance(2_000);
    }
    const { attempts } = link.counters;
    await clock.advance(twinDelayMsMin - 1);
    expect(link.counters.attempts).toBe(attempts);
  });
});
