import { expect, it } from 'vitest';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { ok } from '../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { createMemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];

it('is subscribed before the board is open, says nothing until then, and does what was asked meanwhile', async () => {
  const broker = createMemoryBroker();
  const board = createMemoryBoard();
  const heard: string[] = [];
  const ops = broker.client(({ topic, payload }) => heard.push(`${topic} ${Buffer.from(payload).toString()}`));
  ops.subscribe('qn/1/pi-1/#');
  const opening = Promise.withResolvers<void>();
  const starting = startMemoryAgent({
    ...{ documents, broker, board },
    async openGpio() {
      await opening.promise;
      return ok(createSimulatedGpio(board));
    },
  });
  await expect.poll(() => broker.connectedIds).toEqual(['pi-1']);
  ops.publish('qn/1/pi-1/notify/gpio.relay1', '{"t":"notify","id":"7","val":"toggle"}');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard.filter((line) => !line.includes('/notify/'))).toEqual([]);
  opening.resolve();
  await using rig = await starting;
  await rig.hear({ verb: 'ack', document: 'gpio.relay1', id: 7n, status: 'successful' });
  expect([board.wire('GPIO17').level, broker.connectsCount]).toEqual([1, 1]);
  const told = heard.filter((line) => !line.includes('/notify/'));
  expect(told[0]).toContain('health/agent {"t":"health"'); // QN-5.3: first of all.
});
