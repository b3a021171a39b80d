import { expect, test } from 'vitest';
import { sendAttemptsMax } from '../../agent/limits.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';
import { until } from '../support/until.ts';

const latencyMs = 60;

test('an answer that was on its way each time the link broke comes when it holds', async () => {
  await using rig = await startMemoryAgent({ documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'] });
  await rig.hear({ verb: 'health' });
  const { broker, agent } = rig;
  broker.setWeather({ latencyMs });
  rig.say('notify/gpio.relay1', '{"id":"7","val":"ON"}');
  await until(() => rig.board.wire('GPIO17').level === 1, 'the command');
  const isUp = () => agent.sources.outbox().inFlight > 0;
  for (let count = 0; count <= sendAttemptsMax; count += 1) {
    await until(isUp, 'a connection on which something is sent');
    broker.drop('pi-1'); // Before it arrives.
    await until(() => !isUp(), 'the break');
  }
  expect(rig.all.filter(({ verb }) => verb === 'ack')).toEqual([]);
  await rig.hear({ verb: 'ack', id: 7n, status: 'successful' }, 10_000);
  const statuses = rig.all.flatMap(({ message }) => (message.t === 'ack' ? [message.st] : []));
  expect(statuses).toEqual(['accepted', 'executing', 'successful']);
  expect(agent.sources.outbox()).toMatchObject({ refused: 0, dropped: 0 });
});
