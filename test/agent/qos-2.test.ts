import { expect, test } from 'vitest';
import { startMemoryAgent } from '../support/memory-agent.ts';
import { until } from '../support/until.ts';

const documents = [
  'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
  'gpio.stop: { driver: gpio-out, line: GPIO22, priority: emergency }',
];
const sections =
  'home-assistant: {}\ngroups: [line-1]\nbindings: [{ on: plant/stop, to: gpio.stop }, { on: plant/relay, to: gpio.relay1 }]';

/** How often a message of QoS 2 is acknowledged: once on each connection that brings it. */
const cases = [
  { topic: 'homeassistant/status', payload: 'online', count: 1 },
  { topic: 'homeassistant/device/qn-pi-1/config', payload: '{}', count: 1 },
  { topic: 'qn/1/pi-1/notify/gpio.relay1', payload: 'ON', count: 1 },
  { topic: 'qn/1/pi-1/notify/gpio.relay1', payload: '{ no JSON', count: 1 },
  { topic: 'qn/1/@all/notify/gpio.relay1', payload: 'OFF', count: 1 },
  { topic: 'qn/1/pi-1/notify/gpio.stop', payload: 'ON', count: 2 },
  { topic: 'qn/1/@line-1/notify/gpio.stop', payload: 'OFF', count: 2 },
  { topic: 'qn/1/pi-1/notify/config', payload: '{"val":{}}', count: 1 },
  { topic: 'qn/1/pi-1/notify/selftest', payload: '{}', count: 1 },
  { topic: 'qn/1/pi-1/notify/nobody', payload: 'ON', count: 1 },
  { topic: 'qn/1/pi-1/query/gpio.stop', payload: '{"id":"9"}', count: 1 },
  { topic: 'qn/1/pi-1/query/nobody', payload: '{"id":"9"}', count: 1 },
  { topic: 'qn/1/pi-1/health/agent', payload: 'x', count: 1 },
  { topic: 'plant/stop', payload: 'ON', count: 2 },
  { topic: 'plant/relay', payload: 'ON', count: 1 },
];

test('whatever comes with QoS 2 is acknowledged once on each connection that brings it', async () => {
  await using rig = await startMemoryAgent({ documents, sections });
  await until(() => rig.agent.sources.link().express.state === 'up', 'both connections');
  const client = rig.broker.client();
  const counts = cases.map(() => 0);
  for (const [index, { topic, payload }] of cases.entries()) {
    client.publish(topic, payload, { qos: 2, received: () => void (counts[index] = (counts[index] ?? 0) + 1) });
  }
  await until(() => !counts.includes(0), 'all of them');
  await new Promise((resolve) => setTimeout(resolve, 300)); // Too many would have come.
  expect(cases.map((one, index) => ({ ...one, count: counts[index] }))).toEqual(cases);
});
