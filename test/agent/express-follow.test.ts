import { expect, test } from 'vitest';
import { createMemoryBroker, type MemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { startChangingAgent } from '../support/changing-agent.ts';
import { until } from '../support/until.ts';

const relay = 'gpio.relay1: { driver: gpio-out, line: GPIO17 }';
const lamp = 'gpio.lamp: { driver: gpio-out, line: GPIO23 }';
const stop = (name: string, line: string) => `${name}: { driver: gpio-out, line: ${line}, priority: emergency }`;

test('a config with the same emergency documents leaves their connection as it is, one with others opens it anew', async () => {
  const memory = createMemoryBroker();
  let openedCount = 0;
  const openLink: MemoryBroker['openLink'] = (options, handlers) => {
    if (options.clientId.endsWith('-emergency')) openedCount += 1;
    return memory.openLink(options, handlers);
  };
  const documents = [relay, stop('gpio.stop', 'GPIO22')];
  await using rig = await startChangingAgent({ documents, broker: { ...memory, openLink } });
  const isUp = () => rig.agent.sources.link().express.state === 'up';
  await until(isUp, 'up');
  expect(await rig.change({ documents: [...documents, lamp] })).toMatchObject({ status: 'successful' });
  expect([openedCount, isUp()]).toEqual([1, true]);
  expect(await rig.change({ documents: [...documents, stop('gpio.halt', 'GPIO24')] })).toMatchObject({
    status: 'successful',
  });
  await until(isUp, 'up again');
  expect(openedCount).toBe(2);
});
