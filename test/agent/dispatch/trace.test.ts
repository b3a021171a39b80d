import { expect, it } from 'vitest';
import { keptEventsMs } from '../../../agent/health/limits.ts';
import { type Lives, openLives } from '../../support/lives.ts';

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const endless = 'x'.repeat(40_000);

const switchOn = (more = {}) => JSON.stringify({ val: true, id: '1', ...more });

const lastAck = ({ heard }: Lives) => heard.filter(({ message }) => message.t === 'ack').at(-1);

it.each([
  ['in the message', switchOn({ tr: endless }), {}],
  ['beside it', switchOn(), { traceparent: endless }],
  ['in what is refused', '{"val"', { traceparent: endless }],
])('a trace that is none, %s, is not carried on, and nothing of it is kept', async (_, payload, properties) => {
  await using lives = openLives(['gpio.relay1: { driver: gpio-out, line: GPIO17 }']);
  await lives.boot();
  lives.say('notify/gpio.relay1', payload, { properties });
  await lives.pass(2 * keptEventsMs);
  const ack = lastAck(lives);
  expect(ack?.message).toMatchObject({ t: 'ack' });
  expect(ack?.message.tr).toBeUndefined();
});

it('the trace beside a message counts where the one in it is none', async () => {
  await using lives = openLives(['gpio.relay1: { driver: gpio-out, line: GPIO17 }']);
  await lives.boot();
  lives.say('notify/gpio.relay1', switchOn({ tr: endless }), { properties: { traceparent } });
  await lives.pass(2 * keptEventsMs);
  expect(lastAck(lives)?.message).toMatchObject({ st: 'successful', tr: traceparent });
});
