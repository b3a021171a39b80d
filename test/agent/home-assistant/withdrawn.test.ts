import { expect, it, vi } from 'vitest';
import { createMemoryBroker } from '../../../agent/mqtt/memory-link.ts';
import { Platter } from '../../../agent/store/platter.ts';
import { startMemoryAgent } from '../../support/memory-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
const described = 'homeassistant/device/qn-pi-1/config';

/** What Home Assistant finds at this broker when it is started now. */
async function retained(broker: ReturnType<typeof createMemoryBroker>, filter: string): Promise<readonly string[]> {
  const client = broker.client();
  client.subscribe(filter);
  await new Promise((resolve) => setTimeout(resolve, 20)); // No event tells that nothing comes.
  return client.arrived.map(({ topic }) => topic);
}

async function live(platter: Platter, broker: ReturnType<typeof createMemoryBroker>, sections: string): Promise<void> {
  await using rig = await startMemoryAgent({ documents, sections, broker, platter });
  await rig.hear({ verb: 'state', document: 'channels', test: ({ retain }) => !retain }); // Of this life.
}

it('a board whose section was removed while it was off takes its description back', async () => {
  const [platter, broker] = [new Platter(), createMemoryBroker()];
  await live(platter, broker, 'home-assistant: {}');
  expect(await retained(broker, described)).toEqual([described]);
  await live(platter, broker, '');
  expect(await retained(broker, described)).toEqual([]);
});

it('one that was told to describe itself elsewhere is not described twice', async () => {
  const [platter, broker] = [new Platter(), createMemoryBroker()];
  await live(platter, broker, 'home-assistant: {}');
  await live(platter, broker, 'home-assistant: { prefix: ha }');
  expect(await retained(broker, '+/device/qn-pi-1/config')).toEqual(['ha/device/qn-pi-1/config']);
});

it('a board leaves alone what another one says whose name is its own with a number behind', async () => {
  const broker = createMemoryBroker();
  const sections = 'home-assistant: {}';
  await using _other = await startMemoryAgent({ documents, sections, broker, node: 'pi-1-2' });
  await vi.waitUntil(async () => (await retained(broker, 'homeassistant/#')).length === 1);
  await live(new Platter(), broker, sections);
  expect(await retained(broker, 'homeassistant/device/#')).toEqual([
    'homeassistant/device/qn-pi-1-2/config',
    'homeassistant/device/qn-pi-1/config',
  ]);
});
