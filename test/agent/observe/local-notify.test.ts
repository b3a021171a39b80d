import { describe, expect, it } from 'vitest';
import { httpAckMsMax, httpNotifiesMax } from '../../../agent/limits.ts';
import type { InboundMessage } from '../../../agent/mqtt/link.ts';
import { LocalNotifier } from '../../../agent/observe/local-notify.ts';
import { decodeNotify } from '../../../agent/qn/bare.ts';
import type { Notify } from '../../../agent/qn/message.ts';
import type { Refusal } from '../../../agent/qn/reason.ts';
import { createIdSource } from '../../../agent/qn/snowflake.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

function open(refusal?: Refusal) {
  const clock = createFakeClock();
  const received: Notify[] = [];
  const receive = ({ topic, payload, retain }: InboundMessage) => {
    expect([topic, retain]).toEqual(['qn/1/pi-1/notify/gpio.a', false]);
    const decoded = decodeNotify(payload, { nowMs: clock.wallMs() });
    if (decoded.ok) received.push(decoded.value);
    return refusal;
  };
  const ids = createIdSource({ clock, nodeName: 'pi-1' });
  const notifier = new LocalNotifier({ clock, ids, receive }, { root: 'qn/1', node: 'pi-1' });
  const say = () => notifier.notify('http-me', 'gpio.a', true);
  const end = (message: Notify | undefined, status: 'accepted' | 'successful') => {
    if (message?.id !== undefined) notifier.acknowledged({ document: 'gpio.a', id: message.id, message }, { status });
  };
  return { clock, notifier, received, say, end };
}

describe('a command over HTTP', () => {
  it('goes the way of all commands, with a ttl that no step of the clock ends, and ends with the final ack', async () => {
    const { received, say, end, clock } = open();
    const answer = say();
    const [message] = received;
    expect(message).toEqual({ t: 'notify', id: message?.id, src: 'http-me', ttl: httpAckMsMax, val: true });
    end(message, 'accepted');
    end(message, 'successful');
    expect(await answer).toEqual({ ok: true, value: { t: 'ack', id: message?.id, doc: 'gpio.a', st: 'successful' } });
    expect(clock.timersCount).toBe(0);
  });

  it('does not take the ack of somebody else who used its id', async () => {
    const { received, say, end, clock } = open();
    const answer = say();
    const [message] = received;
    end(message === undefined ? undefined : { ...message, src: 'other' }, 'successful');
    await clock.advance(httpAckMsMax);
    expect(await answer).toMatchObject({ ok: false, error: { reason: 'driver-timeout' } });
  });

  it('that the board does not take is answered at once', async () => {
    const refusal = { reason: 'overloaded', detail: 'every inbound slot is taken' } as const;
    expect(await open(refusal).say()).toEqual({ ok: false, error: refusal });
  });

  it('is refused when too many are under way, and taken when one of them ended', async () => {
    const { received, say, end, notifier } = open();
    const answers = Array.from({ length: httpNotifiesMax }, say);
    expect(await say()).toMatchObject({ ok: false, error: { reason: 'overloaded' } });
    end(received[0], 'successful');
    expect(await answers[0]).toMatchObject({ ok: true });
    const more = say();
    notifier.close();
    expect(await more).toMatchObject({ ok: false, error: { reason: 'driver-timeout' } });
  });
});
