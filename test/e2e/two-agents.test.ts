import { describe, expect, it } from 'vitest';
import { createMemoryBroker } from '../../agent/mqtt/memory-link.ts';
import { statusOf } from '../support/heard.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];

describe('two agents in one process', () => {
  it('are driven side by side without crosstalk, and both let go of everything', async () => {
    const broker = createMemoryBroker();
    const left = await startMemoryAgent({ documents, broker, node: 'pi-left' });
    const right = await startMemoryAgent({ documents, broker, node: 'pi-right' });
    await left.hear({ verb: 'health', target: 'pi-left' });
    await right.hear({ verb: 'health', target: 'pi-right' });

    left.say('notify/gpio.relay1', 'ON');
    await left.hear({ target: 'pi-left', verb: 'ack', status: 'successful' });
    expect([left.board.wire('GPIO17').level, right.board.wire('GPIO17').level]).toEqual([1, 0]);
    right.say('notify/gpio.relay1', 'ON');
    left.say('notify/gpio.relay1', 'OFF');
    await right.hear({ target: 'pi-right', verb: 'ack', status: 'successful' });
    await left.hear({ target: 'pi-left', verb: 'ack', status: 'successful' });
    expect([left.board.wire('GPIO17').level, right.board.wire('GPIO17').level]).toEqual([0, 1]);
    expect(left.agent.sources.dispatch()).toMatchObject({ received: 2, successful: 2 });
    expect(right.agent.sources.dispatch()).toMatchObject({ received: 1, successful: 1 });

    // Disposal asserts by itself that every slot came back.
    await left[Symbol.asyncDispose]();
    await right.hear({ target: 'pi-left', verb: 'health', test: (heard) => statusOf(heard) === 'offline' });
    right.say('notify/gpio.relay1', 'OFF');
    await right.hear({ target: 'pi-right', verb: 'ack', status: 'successful' });
    await right[Symbol.asyncDispose]();
    expect(broker.connectedIds).toEqual([]);
    expect([left.board.wire('GPIO17').holder, right.board.wire('GPIO17').holder]).toEqual([undefined, undefined]);
  });

  it('both obey a group, each for itself', async () => {
    const broker = createMemoryBroker();
    await using left = await startMemoryAgent({ documents, broker, node: 'pi-left' });
    await using right = await startMemoryAgent({ documents, broker, node: 'pi-right', sections: 'groups: [line-1]' });
    await left.hear({ verb: 'health', target: 'pi-left' });
    await right.hear({ verb: 'health', target: 'pi-right' });
    broker.client().publish('qn/1/@all/notify/gpio.relay1', 'ON');
    await left.hear({ target: 'pi-left', verb: 'ack', status: 'successful' });
    await right.hear({ target: 'pi-right', verb: 'ack', status: 'successful' });
    broker.client().publish('qn/1/@line-1/notify/gpio.relay1', 'OFF');
    await right.hear({ target: 'pi-right', verb: 'ack', status: 'successful' });
    expect([left.board.wire('GPIO17').level, right.board.wire('GPIO17').level]).toEqual([1, 0]);
  });
});
