import { expect, it } from 'vitest';
import { recordLink } from '../support/link-recorder.ts';
import { linkOptions, type Stage, textOf } from './link.stage.ts';

/** How a link goes down, comes back and ends. */
export function linkLifeCases(stage: Stage): void {
  it('comes back after the connection broke, with all subscriptions', async () => {
    await stage.told.ups.next();
    stage.rig.cut();
    expect(await stage.told.downs.next()).toMatchObject({ kind: 'closed' });
    expect(stage.link.isUp).toBe(false);
    await stage.told.ups.next();
    await stage.rig.publish('board/in/again', 'again');
    expect((await stage.told.messages.next()).text).toBe('again');
    expect(stage.link.counters.connects).toBe(2);
  });

  it('comes back after the broker went away and returned', async () => {
    await stage.told.ups.next();
    await stage.rig.stopBroker();
    await stage.told.downs.next();
    await stage.told.troubles.next();
    await stage.rig.startBroker();
    await stage.told.ups.next();
    await stage.rig.publish('board/in/again', 'again');
    expect((await stage.told.messages.next()).text).toBe('again');
  });

  it('has a row for its broker, with how often it came back to it', async () => {
    const { broker } = await stage.told.ups.next();
    expect(stage.link.brokers()).toMatchObject([{ url: broker, state: 'in-use', reconnects: 0 }]);
    stage.rig.cut();
    await stage.told.downs.next();
    expect(stage.link.brokers()[0]!.state).not.toBe('in-use');
    await stage.told.ups.next();
    expect(stage.link.brokers()).toMatchObject([{ url: broker, state: 'in-use', reconnects: 1 }]);
  });

  it('tells up and down in turns, and knocks once per attempt', async () => {
    for (let count = 0; count < 3; count += 1) {
      await stage.told.ups.next();
      stage.rig.cut();
      await stage.told.downs.next();
    }
    await stage.told.ups.next();
    expect(stage.told.order).toEqual(['up', 'down', 'up', 'down', 'up', 'down', 'up']);
    expect(stage.rig.connectsCount).toBe(stage.link.counters.attempts);
  });

  it('answers exactly once for each publish that was in flight when the connection broke', async () => {
    await stage.told.ups.next();
    stage.rig.holdAnswers();
    const counts = new Map<number, string[]>();
    for (const number of [0, 1, 2, 3, 4]) {
      const answers: string[] = [];
      counts.set(number, answers);
      const payload = Buffer.from(String(number));
      stage.link.publish({ topic: 'board/out', payload, qos: number === 4 ? 2 : 1, retain: false }, (result) =>
        answers.push(result.ok ? 'ok' : result.error.kind),
      );
    }
    stage.rig.cut();
    await stage.told.downs.next();
    expect([...counts.values()]).toEqual(Array(5).fill(['closed']));
    await stage.told.ups.next();
    expect(await stage.publish()).toMatchObject({ ok: true });
    expect([...counts.values()]).toEqual(Array(5).fill(['closed']));
  });

  it('has answered for every publish before it tells that it is down', async () => {
    const order: string[] = [];
    const other = recordLink();
    await using breaking = stage.rig.openLink(
      { ...linkOptions, clientId: 'breaking' },
      { ...other.handlers, onDown: (error) => (order.push('down'), other.handlers.onDown(error)) },
    );
    await other.ups.next();
    stage.rig.holdAnswers();
    breaking.publish({ topic: 'x', payload: Buffer.from('x'), qos: 1, retain: false }, () => order.push('done'));
    stage.rig.cut();
    await other.downs.next();
    expect(order).toEqual(['done', 'down']);
  });

  it('leaves a last will, retained, when the connection breaks', async () => {
    const watcher = await stage.rig.collect('board/status');
    await stage.told.ups.next();
    stage.rig.cut();
    expect(textOf(await watcher.next())).toBe('gone');
    const later = await stage.rig.collect('board/status');
    expect(await later.next()).toMatchObject({ topic: 'board/status', retain: true });
  });

  it('leaves no last will when it is disposed of', async () => {
    const watcher = await stage.rig.collect('board/status');
    await stage.told.ups.next();
    await stage.link[Symbol.asyncDispose]();
    await stage.rig.publish('board/status', 'marker');
    expect(textOf(await watcher.next())).toBe('marker');
    expect(watcher.all).toHaveLength(1);
  });

  it('sends what was published before its disposal', async () => {
    const listener = await stage.rig.collect('board/out');
    await stage.told.ups.next();
    const goodbye = stage.publish({ payload: Buffer.from('goodbye') });
    await stage.link[Symbol.asyncDispose]();
    expect(await goodbye).toMatchObject({ ok: false, error: { kind: 'closed' } });
    expect(textOf(await listener.next())).toBe('goodbye');
  });

  it('can be disposed of twice, and refuses to publish afterwards', async () => {
    await stage.told.ups.next();
    await Promise.all([stage.link[Symbol.asyncDispose](), stage.link[Symbol.asyncDispose]()]);
    await stage.link[Symbol.asyncDispose]();
    expect(stage.link.isUp).toBe(false);
    expect(await stage.publish()).toMatchObject({ ok: false, error: { kind: 'closed' } });
  });

  it('calls no handler once disposal began, and does not come back', async () => {
    await stage.told.ups.next();
    const { connectsCount } = stage.rig;
    await stage.link[Symbol.asyncDispose]();
    await stage.rig.publish('board/in/late', 'late');
    expect(stage.told.order).toEqual(['up']);
    expect(stage.told.messages.all).toEqual([]);
    expect(stage.rig.connectsCount).toBe(connectsCount);
  });

  it('can be disposed of while it connects', async () => {
    await using early = stage.rig.openLink({ ...linkOptions, clientId: 'early' }, recordLink().handlers);
    await early[Symbol.asyncDispose]();
    expect(early.isUp).toBe(false);
  });

  it('can be disposed of while it waits for the next attempt', async () => {
    await stage.told.ups.next();
    await stage.rig.stopBroker();
    await stage.told.troubles.next();
    await stage.link[Symbol.asyncDispose]();
    const { attempts } = stage.link.counters;
    await stage.rig.startBroker();
    await stage.rig.publish('any', 'thing');
    expect(stage.link.counters.attempts).toBe(attempts);
  });
}
