import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { bootProvenMs } from '../../agent/config/limits.ts';
import { startAgentProcess } from '../support/agent-process.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { openRig, type Rig } from '../support/rig.ts';

const relay = 'gpio.relay: { driver: gpio-out, line: GPIO17, safe: { boot: on, config-error: off } }';

/** The birth of a life, and what it says of its config. */
async function live(rig: Rig, act: () => Promise<void>): Promise<{ readonly health: Heard; readonly config: Heard }> {
  const heardCount = rig.listener.all.length;
  await using _agent = startAgentProcess(rig.configFile); // Its disposal is the kill.
  const isLater = (heard: Heard) => rig.listener.all.indexOf(heard) >= heardCount && statusOf(heard) !== 'offline';
  const health = await rig.hear({ verb: 'health', test: isLater }, 60_000);
  const isSnapshot = (heard: Heard) => isLater(heard) && heard.message.t === 'snapshot';
  const config = await rig.hear({ verb: 'state', document: 'config', test: isSnapshot }, 60_000);
  await act();
  return { health, config };
}

test('a config that brings the agent down again and again is given up', { timeout: 400_000 }, async () => {
  await using rig = await openRig({
    documents: [relay],
    lines: ['GPIO17', 'GPIO18'],
    sections: 'config: { trust: none }',
  });
  const push = (id: number, val: object) => async () => {
    await rig.say('notify/config', JSON.stringify({ id: `${id}`, val, base: id - 1, ver: id, vc: { unsigned: id } }));
    await rig.hear({ verb: 'ack', document: 'config', id: BigInt(id), status: 'successful' }, 60_000);
  };
  const nothing = async () => {};
  await live(rig, async () => {
    await push(1, { documents: { 'gpio.new': { driver: 'gpio-out', line: 'GPIO18' } } })();
    await push(2, { documents: { 'gpio.new': { 'max-on': '5s' } } })();
  });
  for (let boot = 1; boot <= 3; boot += 1) {
    const { health, config } = await live(rig, nothing);
    expect([config.message, statusOf(health)]).toMatchObject([{ val: { version: 2 } }, 'online']);
  }
  const isGivenUp = (name: string) => expect.stringContaining(`${name} config brought the agent down`);
  const isDriven = async () => {
    expect(rig.wire('GPIO17')).toBe('1');
    await rig.say('notify/selftest', 'quick');
    await rig.hear({ verb: 'ack', document: 'selftest', status: 'successful' }, 15_000);
    const report = rig.listener.all.findLast(({ verb, document }) => verb === 'state' && document === 'selftest');
    expect(JSON.stringify(report?.message.val)).toEqual(isGivenUp('active')); // It does not take the trouble away.
  };
  for (const { val, whyOf } of [
    { val: { version: 1, origin: 'push' }, whyOf: ['active'] },
    { val: { version: 2, origin: 'file' }, whyOf: ['active', 'previous'] }, // What follows must be newer than version 2.
  ]) {
    for (let boot = 1; boot <= 3; boot += 1) {
      const { health, config } = await live(rig, isDriven);
      expect(config.message).toMatchObject({ val });
      expect(health.message).toMatchObject({ val: { status: 'degraded' } });
      for (const name of whyOf) expect(JSON.stringify(health.message.val)).toEqual(isGivenUp(name));
    }
  }
  const safe = await live(rig, push(3, { documents: { 'gpio.relay': null, 'gpio.new': null } }));
  expect(safe.health.message).toMatchObject({ val: { status: 'degraded', drivers: {} } });
  expect(rig.wire('GPIO17')).toBe('0'); // Its config-error state.
  const mended = await live(rig, nothing);
  expect([mended.config.message, statusOf(mended.health)]).toMatchObject([{ val: { version: 3 } }, 'online']);
});

test('a config that was given up is booted again once it was taken again and ran', { timeout: 400_000 }, async () => {
  await using rig = await openRig({ documents: [relay], lines: ['GPIO17'], sections: 'config: { trust: none }' });
  const documents = { 'gpio.relay': { driver: 'gpio-out', line: 'GPIO17', 'max-on': '5s' } };
  const push = (id: number) => async () => {
    await rig.say('notify/config', JSON.stringify({ id: `${id}`, val: { documents }, base: 0 }));
    await rig.hear({ verb: 'ack', document: 'config', id: BigInt(id), status: 'successful' }, 60_000);
  };
  const nothing = async () => {};
  await live(rig, push(1));
  for (let boot = 1; boot <= 3; boot += 1)
    expect((await live(rig, nothing)).config.message).toMatchObject({ val: { version: 1, origin: 'push' } });
  const boots = async () => JSON.parse(await readFile(path.join(rig.folder, 'state/config/boots.json'), 'utf8'));
  const { config } = await live(rig, async () => {
    expect(await boots()).toMatchObject({ failed: [expect.any(String)] });
    await push(2)();
    await expect.poll(boots, { timeout: 2 * bootProvenMs }).toMatchObject({ isProven: true, count: 0, failed: [] });
  });
  expect(config.message).toMatchObject({ val: { origin: 'file' } }); // What it began with.
  const { health, config: taken } = await live(rig, nothing);
  expect([taken.message, statusOf(health)]).toMatchObject([{ val: { version: 1, origin: 'push' } }, 'online']);
});

test('a retained config without an id that was given up is not taken at the next connection', {
  timeout: 400_000,
}, async () => {
  await using rig = await openRig({
    documents: [relay],
    lines: ['GPIO17', 'GPIO18'],
    sections: 'config: { trust: none, verify: 1s }',
  });
  const from = async () => {
    // An answer of an earlier life, which the kill left unconfirmed, comes once more.
    const known = new Set(rig.listener.all.map(({ message }) => message.id));
    const test = (heard: Heard) => !known.has(heard.message.id) && !isBeginning(heard);
    return () => rig.hear({ verb: 'ack', document: 'config', test }, 60_000);
  };
  const running = await readFile(rig.configFile, 'utf8');
  const val = running.replace('documents:', 'documents:\n  gpio.new: { driver: gpio-out, line: GPIO18 }');
  await rig.say('notify/config', JSON.stringify({ val }), { retain: true });
  for (const boot of [0, 1, 2, 3]) {
    const end = await from();
    await live(rig, async () => {
      expect([boot, (await end()).message]).toMatchObject([boot, { st: 'successful', val: { version: 1 } }]);
    });
  }
  const end = await from();
  const { config } = await live(rig, async () => {
    expect((await end()).message).toMatchObject({ st: 'rejected', why: 'rolled-back', val: { version: 0 } });
    const anew = await from();
    await rig.say('notify/config', JSON.stringify({ val }), { retain: true }); // The board is there: somebody means it.
    expect((await anew()).message).toMatchObject({ st: 'successful', val: { version: 1 } });
  });
  expect(config.message).toMatchObject({ val: { version: 0, origin: 'file' } });
});

function isBeginning({ message }: Heard): boolean {
  return message.t === 'ack' && (message.st === 'accepted' || message.st === 'executing');
}
