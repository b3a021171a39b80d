import { expect, test } from 'vitest';
import type { ConfigOffice } from '../../../../agent/config/push/office.ts';
import { startPushableAgent } from '../../../support/pushable-agent.ts';

const relay = 'relay: { driver: gpio-out, line: A }';
const lamp = 'lamp: { driver: gpio-out, line: B }';

test('while a pushed config is checked everybody else has turns, one for each document at least', async () => {
  const many = Array.from({ length: 30 }, (_, index) => `relay${index}: { driver: gpio-out, line: L${index} }`);
  let [turnsCount, turnsMeanwhile] = [0, 0];
  await using agent = await startPushableAgent({
    documents: [relay],
    configs: (home) => ({
      ...home,
      async check(value) {
        const before = turnsCount;
        const checked = await home.check(value);
        turnsMeanwhile = turnsCount - before;
        return checked;
      },
    }),
  });
  let immediate = setImmediate(function count() {
    turnsCount += 1;
    immediate = setImmediate(count);
  });
  agent.push({ id: '1', val: agent.value(many) });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'successful' });
  clearImmediate(immediate);
  expect(turnsMeanwhile).toBeGreaterThanOrEqual(many.length);
});

test('a push that is overtaken by a change on the board while it is checked is refused, and can be sent again', async () => {
  let office: ConfigOffice | undefined;
  let isOvertaken = false;
  await using agent = await startPushableAgent({
    documents: [relay],
    configs: (home) => ({
      ...home,
      load: () => home.check(agent.value([lamp])),
      async check(value) {
        if (!isOvertaken) {
          isOvertaken = true;
          await office?.change({ do: 'reload', isDryRun: false });
        }
        return await home.check(value);
      },
    }),
  });
  office = await agent.agent.office;
  const val = agent.value([relay, lamp]);
  agent.push({ id: '1', val });
  expect((await agent.ending(1)).message).toMatchObject({ st: 'rejected', why: 'busy', val: { version: 1 } });
  agent.push({ id: '2', val });
  expect((await agent.ending(2)).message).toMatchObject({ st: 'successful', val: { version: 2 } });
});
