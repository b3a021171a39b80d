import { expect, test } from 'vitest';
import { systemClock } from '../../../../agent/clock.ts';
import { createLineWatch, watchGpio } from '../../../../agent/guard/line-watch.ts';
import { fail, ok } from '../../../../drivers/contract/result.ts';
import { openGpioChip } from '../../../../drivers/gpio-chip.ts';
import { anyPi } from '../../../drivers/gpio-chip/pi-layouts.ts';
import { createScriptedKernel } from '../../../drivers/gpio-chip/scripted-kernel.ts';
import { nowhere, startChangingAgent } from '../../../support/changing-agent.ts';

/* What the kernel is asked for while a config is changed. The wire itself is looked at on the emulated board. */

const relay = (line: string, more = '') =>
  `relay: { driver: gpio-out, line: ${line}, safe: { boot: hold, exit: hold }${more} }`;
const byName = relay('GPIO17');
const byLabel = relay('{ chip: pinctrl-bcm2711, offset: 17 }');

async function startOnKernel(documents: readonly string[]) {
  const { chips } = anyPi;
  const kernel = createScriptedKernel({ chips, found: 1n });
  const lines = createLineWatch(systemClock);
  const gpio = await openGpioChip({ find: async () => ok(chips.map(({ path }) => path)), load: kernel.load });
  lines.onSettled(() => gpio.ok && gpio.value.freeKept?.());
  const openGpio = async () => (gpio.ok ? ok(watchGpio(gpio.value, { clock: systemClock, lines })) : gpio);
  const agent = await startChangingAgent({ documents, openGpio, keepLines: () => lines.keep() });
  return { kernel, agent };
}

test('a line that both configs have is not let go of, whatever each calls it', async () => {
  const { kernel, agent } = await startOnKernel([byName]);
  await using _ = agent;
  expect(kernel.told).toEqual(['request 0', 'configure 8 1']);
  expect(await agent.change({ documents: [byLabel] })).toEqual({ status: 'successful' });
  expect(await agent.change({ documents: [relay('GPIO17', ', active: low')] })).toEqual({ status: 'successful' });
  expect(kernel.told.slice(2)).toEqual(['configure 8 1', 'configure 8 1']);
  expect(kernel.open.size).toBe(1);
});

test('a line that no document has any more is let go of when the change is over', async () => {
  const { kernel, agent } = await startOnKernel([byName]);
  await using _ = agent;
  const told: number[] = [];
  const commit = async () => {
    told.push(kernel.open.size);
    return ok();
  };
  expect(await agent.change({ documents: [] }, { ...nowhere, commit })).toEqual({ status: 'successful' });
  expect([told, kernel.told.slice(2), kernel.open.size]).toEqual([[1], ['close'], 0]);
});

test('a change that is taken back finds its lines as they were', async () => {
  const { kernel, agent } = await startOnKernel([byName]);
  await using _ = agent;
  const commit = async () => fail('no space left');
  expect(await agent.change({ documents: [] }, { ...nowhere, commit })).toMatchObject({ rollback: 'restored' });
  expect(kernel.told.slice(2)).toEqual(['configure 8 1']);
  expect(kernel.open.size).toBe(1);
});

test('a line that becomes an input is asked for anew', async () => {
  const { kernel, agent } = await startOnKernel([byName]);
  await using _ = agent;
  expect(await agent.change({ documents: ['relay: { driver: gpio-in, line: GPIO17 }'] })).toMatchObject({
    status: 'successful',
  });
  expect(kernel.told.slice(2)).toEqual(['close', 'request 52']);
});
