import { readFile, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { plainOf } from '../support/config-home.ts';
import { ask } from '../support/doctor-rig.ts';
import type { Heard } from '../support/heard.ts';
import { startRig } from '../support/rig.ts';

test('neither self-test nor doctor finds a fault in a config that was pushed, both do when the file was changed since', {
  timeout: 60_000,
}, async () => {
  const documents = ['gpio.relay: { driver: gpio-out, line: GPIO17 }'];
  await using rig = await startRig({ documents, lines: ['GPIO17', 'GPIO18'], sections: 'config: { trust: none }' });
  const text = await readFile(rig.configFile, 'utf8');
  const rowOf = async (id: string) => {
    await rig.say('notify/selftest', JSON.stringify({ id, val: 'quick' }));
    await rig.hear({ verb: 'ack', document: 'selftest', id: BigInt(id), status: 'successful' }, 15_000);
    const told = rig.listener.all.findLast(({ verb, document }) => verb === 'state' && document === 'selftest');
    return rowIn(told);
  };
  const val = plainOf(text.replace('GPIO17', 'GPIO18'));
  await rig.say('notify/config', JSON.stringify({ id: '1', src: 'me', val }));
  await rig.hear({ verb: 'ack', document: 'config', id: 1n, status: 'successful' });
  const doctorFinds = async () => (await ask(rig.configFile)).findings.map(({ code }) => code);
  expect(await rowOf('11')).toMatchObject({ status: 'pass' });
  expect(await doctorFinds()).not.toContain('CFG-03');
  await writeFile(rig.configFile, `${text}health: { interval: 30s }\n`);
  expect(await doctorFinds()).toContain('CFG-03');
  expect(await rowOf('12')).toMatchObject({ status: 'fail', detail: expect.stringContaining('the files say') });
  await writeFile(rig.configFile, 'node: [');
  expect(await rowOf('13')).toMatchObject({ status: 'fail' });
});

test('a self-test during which another config is taken says nothing of that one', { timeout: 60_000 }, async () => {
  const documents = ['gpio.relay: { driver: gpio-out, line: GPIO17 }', 'gpio.bad: { driver: gpio-out, line: GPIO99 }'];
  await using rig = await startRig({ documents, lines: ['GPIO17'], sections: 'config: { trust: none }' });
  await rig.say('notify/selftest', '{"id": "7", "val": "full"}');
  await rig.hear({ verb: 'ack', document: 'selftest', id: 7n, status: 'executing' });
  await new Promise((resolve) => setTimeout(resolve, 1_500)); // The drivers are through.
  const val = plainOf((await readFile(rig.configFile, 'utf8')).replace(/.*gpio[.]bad.*/, ''));
  await rig.say('notify/config', JSON.stringify({ id: '1', src: 'me', val }));
  await rig.hear({ verb: 'ack', document: 'config', id: 1n, status: 'successful' }, 10_000);
  const isEnd = ({ message }: Heard) => message.t === 'ack' && (message.st === 'successful' || message.st === 'failed');
  const ended = await rig.hear({ verb: 'ack', document: 'selftest', id: 7n, test: isEnd }, 40_000);
  const report = rig.listener.all.findLast(({ verb, document }) => verb === 'state' && document === 'selftest');
  expect(JSON.stringify(report?.message.val)).not.toContain('gpio.bad');
  expect(ended.message).toMatchObject({ st: 'failed', why: 'interrupted' });
});

function rowIn(told: Heard | undefined): unknown {
  const { val }: { readonly val?: unknown } = Object(told?.message);
  const tests: unknown = Object(val).tests;
  return Array.isArray(tests) ? tests.find((row: unknown) => Object(row).id === 'config.valid') : undefined;
}
