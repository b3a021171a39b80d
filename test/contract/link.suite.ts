import { describe, expect, it } from 'vitest';
import { messageBytesMax, sendWindowCount } from '../../agent/limits.ts';
import type { LinkError } from '../../agent/mqtt/link.ts';
import type { Result } from '../../drivers/contract/result.ts';
import { recordLink } from '../support/link-recorder.ts';
import { type LinkRig, linkOptions, type Stage, setStage, textOf } from './link.stage.ts';
import { linkLifeCases } from './link-life.suite.ts';
import { linkReadyCases } from './link-ready.suite.ts';

/** What every Link promises, whatever is under it. */
export function linkSuite(name: string, openRig: () => Promise<LinkRig>): void {
  describe(`the link contract: ${name}`, () => {
    const stage = setStage(openRig);
    linkMessageCases(stage);
    linkLifeCases(stage);
    linkReadyCases(stage);
  });
}

function linkMessageCases(stage: Stage): void {
  it('comes up by itself and says with whom it speaks', async () => {
    const up = await stage.told.ups.next();
    expect(up.protocolVersion).toBe(stage.rig.protocolVersion);
    expect(up.broker).toMatch(/^[a-z]+:\/\/[^@]+$/);
    expect(up.receiveMaximum).toBeGreaterThan(0);
    expect(stage.link.isUp).toBe(true);
    expect(stage.link.counters.connects).toBe(1);
  });

  it('has every subscription when it tells that it is up', async () => {
    await stage.told.ups.next();
    await stage.rig.publish('board/in/a/b', 'one');
    await stage.rig.publish('all/x/in', 'two');
    expect((await stage.told.messages.next()).text).toBe('one');
    expect((await stage.told.messages.next()).text).toBe('two');
    expect(stage.link.counters.messagesIn).toBe(2);
  });

  it('is up inside onUp, so that a birth message can be published there', async () => {
    const listener = await stage.rig.collect('birth');
    const results: boolean[] = [];
    const born = recordLink();
    await using other = stage.rig.openLink(
      { ...linkOptions, clientId: 'newborn' },
      {
        ...born.handlers,
        onUp(up) {
          results.push(other.isUp);
          const payload = Buffer.from('born');
          other.publish({ topic: 'birth', payload, qos: 1, retain: false }, ({ ok }) => results.push(ok));
          born.handlers.onUp(up);
        },
      },
    );
    await born.ups.next();
    expect(textOf(await listener.next())).toBe('born');
    await expect.poll(() => results).toEqual([true, true]);
  });

  for (const qos of [0, 1, 2] as const) {
    it(`delivers a publish of QoS ${qos} and tells that it is done`, async () => {
      const listener = await stage.rig.collect('board/out');
      await stage.told.ups.next();
      expect(await stage.publish({ qos })).toEqual({ ok: true, value: undefined });
      expect(textOf(await listener.next())).toBe('hello');
      expect(stage.link.counters.messagesOut).toBe(1);
    });
  }

  it('carries the largest message in both directions, byte for byte', async () => {
    const payload = Buffer.alloc(messageBytesMax, 'every byte counts\0\xff', 'latin1');
    const listener = await stage.rig.collect('board/out');
    await stage.told.ups.next();
    expect(await stage.publish({ payload })).toMatchObject({ ok: true });
    expect(Buffer.compare((await listener.next()).payload, payload)).toBe(0);
    await stage.rig.publish('board/in/large', payload);
    expect(Buffer.compare((await stage.told.messages.next()).payload, payload)).toBe(0);
  });

  it('carries any byte, and none at all', async () => {
    const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
    await stage.told.ups.next();
    await stage.rig.publish('board/in/bytes', payload);
    expect([...(await stage.told.messages.next()).payload]).toEqual([...payload]);
    await stage.rig.publish('board/in/bytes', '');
    expect((await stage.told.messages.next()).payload.byteLength).toBe(0);
  });

  it('publishes a part of a larger memory as exactly that part', async () => {
    const listener = await stage.rig.collect('board/out');
    await stage.told.ups.next();
    const payload = new Uint8Array(Buffer.from('<hello>')).subarray(1, 6);
    for (const qos of [0, 1] as const) {
      expect(await stage.publish({ payload, qos })).toMatchObject({ ok: true });
      expect(textOf(await listener.next())).toBe('hello');
    }
  });

  it('keeps the order of what it is given, across a full window', async () => {
    const listener = await stage.rig.collect('board/out');
    await stage.told.ups.next();
    const numbers = Array.from({ length: sendWindowCount }, (_, index) => String(index));
    const results = await Promise.all(numbers.map((number) => stage.publish({ payload: Buffer.from(number) })));
    expect(results.every(({ ok }) => ok)).toBe(true);
    for (const number of numbers) expect(textOf(await listener.next())).toBe(number);
  });

  it('refuses more publishes at a time than the window holds', async () => {
    await stage.told.ups.next();
    const message = { topic: 'board/out', payload: Buffer.from('x'), qos: 1, retain: false } as const;
    for (let index = 0; index < sendWindowCount; index += 1) stage.link.publish(message, () => {});
    expect(() => stage.link.publish(message, () => {})).toThrow(`more than ${sendWindowCount}`);
  });

  it('flags what was retained, and only that', async () => {
    await stage.rig.publish('board/in/old', 'retained', true);
    const later = recordLink();
    await using _other = stage.rig.openLink({ ...linkOptions, clientId: 'later' }, later.handlers);
    const old = await later.messages.next();
    expect([old.text, old.retain, old.duplicate]).toEqual(['retained', true, false]);
    await later.ups.next();
    await stage.rig.publish('board/in/new', 'fresh', true);
    const fresh = await later.messages.next();
    expect([fresh.text, fresh.retain]).toEqual(['fresh', false]);
  });

  it('retains what it is told to retain', async () => {
    await stage.told.ups.next();
    await stage.publish({ topic: 'board/state', retain: true });
    const listener = await stage.rig.collect('board/state');
    expect(await listener.next()).toMatchObject({ retain: true });
  });

  it('refuses to publish while it is down, before the call returns', async () => {
    const results: Result<void, LinkError>[] = [];
    const message = { topic: 'board/out', payload: Buffer.from('x'), qos: 0, retain: false } as const;
    await using early = stage.rig.openLink({ ...linkOptions, clientId: 'early' }, recordLink().handlers);
    early.publish(message, (result) => results.push(result));
    await stage.told.ups.next();
    await stage.rig.stopBroker();
    await stage.told.downs.next();
    stage.link.publish(message, (result) => results.push(result));
    const refused = { ok: false, error: { kind: 'down' } };
    expect(results).toMatchObject([refused, refused]);
  });

  it('refuses a topic that nobody may publish to, and stays up', async () => {
    await stage.told.ups.next();
    expect(await stage.publish({ topic: 'board/+/out' })).toMatchObject({ ok: false, error: { kind: 'protocol' } });
    expect(await stage.publish()).toMatchObject({ ok: true });
    expect(stage.told.order).toEqual(['up']);
  });
}
