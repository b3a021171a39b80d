import { expect, it } from 'vitest';
import { createSuggest } from '../../../agent/dispatch/suggest.ts';
import { createTable } from '../../../agent/dispatch/table.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { configOf, startMemoryAgent } from '../../support/memory-agent.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];

it.each(['notify', 'query'])('the refusal of a %s for an unknown document says which one was meant', async (verb) => {
  await using rig = await startMemoryAgent({ documents });
  await rig.hear({ verb: 'health' });
  rig.say(`${verb}/gpio.relay`, '{"id":"7","val":true}');
  const { message } = await rig.hear({ verb: 'ack', document: 'gpio.relay', id: 7n });
  const detail = 'no document gpio.relay on this board; did you mean gpio.relay1?';
  expect(message).toMatchObject({ st: 'rejected', why: 'unknown-document', detail });
});

it('once a second at most it is looked for, so that a flood of unknown names costs nothing', async () => {
  const clock = createFakeClock();
  const suggest = createSuggest(clock, createTable(configOf({ documents }, '/tmp')));
  expect(suggest('motor')).toBeUndefined();
  expect(suggest('gpio.relay')).toBeUndefined();
  await clock.advance(999);
  expect(suggest('gpio.relay')).toBeUndefined();
  await clock.advance(1);
  expect(suggest('gpio.relay')).toBe('gpio.relay1');
  await clock.advance(1_000);
  expect(suggest('self-test')).toBe('selftest');
});
