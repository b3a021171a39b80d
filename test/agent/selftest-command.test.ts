import { describe, expect, it } from 'vitest';
import { isTerminal } from '../../agent/dispatch/lifecycle.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { startMemoryAgent } from '../support/memory-agent.ts';

async function start() {
  const clock = createFakeClock();
  const rig = await startMemoryAgent({ documents: ['gpio.a: { driver: gpio-out, line: GPIO17 }'], clock });
  await clock.advance(1);
  await rig.hear({ verb: 'state', document: 'channels' });
  const acks = () =>
    rig.all.flatMap(({ verb, document, message }) =>
      verb === 'ack' && document === 'selftest' && message.t === 'ack'
        ? [[message.st, message.why].filter(Boolean).join(' ')]
        : [],
    );
  return { rig, clock, acks };
}

describe('a command for the document selftest', () => {
  it.each([
    ['"slow"', {}, ['rejected out-of-range']],
    ['quick', {}, ['accepted', 'executing', 'failed unsupported']], // This agent has no surroundings to test.
  ] as const)('%s %j: %j', async (payload, options, expected) => {
    const { rig, clock, acks } = await start();
    rig.say('notify/selftest', payload, options);
    await clock.advance(10);
    await rig.hear({
      verb: 'ack',
      document: 'selftest',
      test: ({ message }) => message.t === 'ack' && isTerminal(message.st),
    });
    expect(acks()).toEqual(expected);
    await rig[Symbol.asyncDispose]();
  });

  it('still cannot be given to the other documents of the agent', async () => {
    const { rig, clock } = await start();
    rig.say('notify/channels', 'quick');
    await clock.advance(10);
    const ack = await rig.hear({ verb: 'ack', document: 'channels' });
    expect(ack.message).toMatchObject({ st: 'rejected', why: 'unsupported' });
    await rig[Symbol.asyncDispose]();
  });
});
