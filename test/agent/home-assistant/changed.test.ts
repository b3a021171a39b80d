import { expect, it } from 'vitest';
import { createMemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import { Platter } from '../../../agent/store/platter.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { startChangingAgent } from '../../support/changing-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];

/** Home Assistant at the broker of a board: what is described where, and how often it was said. */
function openHome() {
  const broker = createMemoryBroker();
  const described = new Map<string, number>();
  const client = broker.client(({ topic, payload }) => {
    if (payload.byteLength === 0) described.delete(topic);
    else described.set(topic, (described.get(topic) ?? 0) + 1);
  });
  client.subscribe('+/device/+/config');
  const topics = () => [...described.keys()];
  return { broker, described, topics, isBorn: (prefix: string) => client.publish(`${prefix}/status`, 'online') };
}

it('a board that is told of Home Assistant while it runs describes itself, and hears when it is started', async () => {
  const home = openHome();
  await using agent = await startChangingAgent({ documents, broker: home.broker, platter: new Platter() });
  const topic = (prefix: string) => `${prefix}/device/qn-pi-1/config`;
  for (const [prefix, sections] of [
    ['homeassistant', 'home-assistant: {}'],
    ['ha', 'home-assistant: { prefix: ha }'],
  ] as const) {
    expect(await agent.change({ documents, sections })).toEqual({ status: 'successful' });
    await expect.poll(home.topics).toEqual([topic(prefix)]);
    const saidCount = home.described.get(topic(prefix)) ?? 0;
    home.isBorn(prefix);
    await expect.poll(() => home.described.get(topic(prefix))).toBe(saidCount + 1);
  }
  expect(await agent.change({ documents })).toEqual({ status: 'successful' });
  await expect.poll(home.topics).toEqual([]);
});

it('buttons are taken over in place, without another connection', async () => {
  const home = openHome();
  const sections = 'home-assistant: {}';
  await using agent = await startChangingAgent({ documents, sections, broker: home.broker });
  await expect.poll(home.topics).toHaveLength(1);
  const { connects } = agent.agent.changeable.uplink.counters;
  const [topic = ''] = home.topics();
  const saidCount = home.described.get(topic) ?? 0;
  const next = { documents, sections: 'home-assistant: { buttons: { gpio.relay1: 500ms } }' };
  expect(await agent.change(next)).toEqual({ status: 'successful' });
  await expect.poll(() => home.described.get(topic)).toBeGreaterThan(saidCount);
  expect(agent.agent.changeable.uplink.counters.connects).toBe(connects);
});

it.each([
  ['is left out', [], undefined],
  ['is another entity now', ['gpio.lamp: { driver: gpio-in, line: GPIO22 }'], 'binary_sensor'],
])('what was described and %s is taken away by its platform first', async (_, lamp, platform) => {
  const broker = createMemoryBroker();
  const heard = createArrivals<string | undefined>();
  const client = broker.client(({ payload }) => {
    const { components } = JSON.parse(Buffer.from(payload).toString());
    heard.push(JSON.stringify(components['gpio.lamp']));
  });
  client.subscribe('homeassistant/device/+/config');
  const sections = 'home-assistant: {}';
  const before = [...documents, 'gpio.lamp: { driver: gpio-out, line: GPIO22 }'];
  await using agent = await startChangingAgent({ documents: before, sections, broker });
  await heard.next();
  expect(await agent.change({ documents: [...documents, ...lamp], sections })).toEqual({ status: 'successful' });
  expect(await heard.next()).toBe('{"platform":"switch"}');
  expect((await heard.next())?.includes(`"${platform}"`)).toBe(platform && true);
});
