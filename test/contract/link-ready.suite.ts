import { expect, it } from 'vitest';
import type { Link } from '../../agent/mqtt/link.ts';
import { recordLink } from '../support/link-recorder.ts';
import { linkOptions, type Stage } from './link.stage.ts';

/** Messages that no buffer on the way has room for; each with its number. */
const messagesCount = 40;
const messageOf = (index: number) => `${index} ${'x'.repeat(20_000)}`;

/** A link of somebody who is not ready: it is subscribed, and tells nothing. */
export function linkReadyCases(stage: Stage): void {
  async function openEarly(clientId = 'early') {
    const ready = Promise.withResolvers<void>();
    const told = recordLink();
    const { connectsCount } = stage.rig;
    const link: Link = stage.rig.openLink({ ...linkOptions, clientId }, { ...told.handlers, ready: ready.promise });
    await expect.poll(() => stage.rig.connectsCount).toBeGreaterThan(connectsCount);
    await new Promise((resolve) => setTimeout(resolve, 100)); // The broker has subscribed it.
    return { link, told, ready };
  }

  it('tells whoever was not ready all that came meanwhile, in order, behind that it is up', async () => {
    const { link, told, ready } = await openEarly();
    await using _link = link;
    for (let index = 0; index < messagesCount; index += 1) await stage.rig.publish('board/in/many', messageOf(index));
    expect([told.order, told.messages.all, link.isUp]).toEqual([[], [], false]);
    ready.resolve();
    for (let index = 0; index < messagesCount; index += 1)
      expect((await told.messages.next()).text).toBe(messageOf(index));
    expect([told.order[0], link.isUp, link.counters.messagesIn]).toEqual(['up', true, messagesCount]);
  });

  it('tells what was retained as ever to whoever was not ready', async () => {
    await stage.rig.publish('board/in/kept', 'kept', true);
    const { link, told, ready } = await openEarly();
    await using _link = link;
    ready.resolve();
    expect(await told.messages.next()).toMatchObject({ text: 'kept', retain: true });
    expect(link.isUp || (await told.ups.next())).toBeTruthy();
  });

  it('is up again for whoever was not ready when the connection broke', async () => {
    const { link, told, ready } = await openEarly();
    await using _link = link;
    stage.rig.cut();
    ready.resolve();
    const publishing = setInterval(() => void stage.rig.publish('board/in/next', 'next'), 200);
    expect((await told.messages.next()).text).toBe('next');
    clearInterval(publishing);
    const changes = told.order.filter((what) => what === 'up' || what === 'down');
    expect(changes).toEqual(changes.map((_, index) => (index % 2 === 0 ? 'up' : 'down')));
  });

  it('can be disposed of before anybody is ready', async () => {
    const { link, told, ready } = await openEarly();
    await link[Symbol.asyncDispose]();
    ready.resolve();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(told.order).toEqual([]);
  });
}
