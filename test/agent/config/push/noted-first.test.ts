import { expect, test } from 'vitest';
import { realFiles } from '../../../../agent/config/generations/file-system.ts';
import { startPushableAgent } from '../../../support/pushable-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A }';

test('nobody is told that a push was accepted before a cut of the power would still bring its end', async () => {
  const noting = Promise.withResolvers<void>();
  const slow = Promise.withResolvers<void>();
  const files = {
    ...realFiles,
    async replace(file: string, text: string) {
      if (file.endsWith('change.json')) {
        noting.resolve();
        await slow.promise;
      }
      await realFiles.replace(file, text);
    },
  };
  await using agent = await startPushableAgent({ documents: [relay], files });
  const acks = () =>
    agent.all.flatMap(({ verb, message }) => (verb === 'ack' && message.t === 'ack' ? message.st : []));
  agent.push({ id: '1', src: 'me', val: agent.value([relay, 'lamp: { driver: gpio-out, line: B }']) });
  await noting.promise;
  await agent.hear({ verb: 'health' }); // What was said before has come.
  const before = acks();
  slow.resolve();
  await agent.ending(1);
  expect(before).toEqual([]);
  expect(new Set(acks())).toEqual(new Set(['accepted', 'executing', 'successful']));
});

test('a push that is given up before that still has its whole life', async () => {
  await using agent = await startPushableAgent({ documents: [relay] });
  const other = Object.assign({}, agent.value([relay]), { node: 'pi-2' });
  agent.push({ id: '1', src: 'me', val: other });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'failed', why: 'incompatible' });
  const acks = agent.all.flatMap(({ message }) => (message.t === 'ack' ? message.st : []));
  expect(acks).toEqual(['accepted', 'executing', 'failed']);
});
