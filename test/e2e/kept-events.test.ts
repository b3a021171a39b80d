import { expect, it } from 'vitest';
import { keptEventsMs } from '../../agent/health/limits.ts';
import { fieldOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { openRig } from '../support/rig.ts';

interface EventRow {
  readonly lsn: number;
  readonly ts: number;
  readonly monotonic_ms: number;
  readonly kind: string;
  readonly document: string;
  readonly value: unknown;
  readonly boot?: string;
}

describeWithMosquitto('what happened', () => {
  it('is known with its number and both stamps after kill -9, and the next life goes on behind it', async () => {
    const port = await freePort();
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
    await using rig = await openRig({ documents, lines: ['GPIO17'], sections: `http: { port: ${port} }` });
    const events = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/debug/events`);
      return ((await response.json()) as { events: readonly EventRow[] }).events;
    };
    const birth = await rig.start();
    // Both are journaled: what happened to the first one is on the disk with the second one at the latest.
    for (const id of [1, 2]) {
      if (id === 2) await new Promise((resolve) => setTimeout(resolve, keptEventsMs + 500));
      await rig.say('notify/gpio.relay1', JSON.stringify({ id: String(id), src: 'me', val: 'toggle' }));
      await rig.hear({ verb: 'ack', status: 'successful', id: BigInt(id) });
    }
    const before = (await events()).find(({ kind, value }) => kind === 'change' && value === true);
    expect(before?.lsn).toBeGreaterThan(0);
    await rig.agent.end('SIGKILL');
    await rig.start();
    const after = await events();
    expect(after).toContainEqual({ ...before, boot: fieldOf(birth.message.val, 'boot') });
    const own = after.filter(({ boot }) => boot === undefined);
    expect(own.length).toBeGreaterThan(0);
    for (const { lsn } of own) expect(lsn).toBeGreaterThan(before?.lsn ?? Infinity);
  }, 60_000);
});
