import { expect, test } from 'vitest';
import { silentLog } from '../../../agent/log.ts';
import type { ClockQuality, Notify } from '../../../agent/qn/message.ts';
import { openTrust } from '../../../agent/trust/open-trust.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { makeSigner, signed } from '../../support/signing.ts';

const startMs = Date.parse('2026-11-25T12:00:00Z');
const panel = makeSigner('panel', ['actuate']);
const config = { node: 'pi-1', groups: [], trust: { keys: [panel.trusted] } };
const toRelay = { document: 'gpio.relay1', role: 'actuate' } as const;

/** One life of the agent on a board that begins it with this clock. */
function live(kept: Map<string, string>, wallMs: number, quality: ClockQuality) {
  const clock = createFakeClock(wallMs);
  const now = { quality };
  const values = {
    get: (key: string) => kept.get(key),
    async set(key: string, text: string) {
      kept.set(key, text);
      return ok();
    },
  };
  const trust = openTrust({ clock, log: silentLog, clockQuality: () => now.quality, values }, config);
  const verify = (message: Notify) => trust.verify(message, toRelay);
  return { clock, now, verify };
}

function command(id: bigint, issuedMs: number): Promise<Notify> {
  return signed({ t: 'notify', id, src: 'panel', val: true }, panel.key, { document: toRelay.document, issuedMs });
}

test('a command of an earlier life does not act again once the clock is right', async () => {
  const kept = new Map<string, string>();
  const before = live(kept, startMs, 'synced');
  await before.clock.advance(600_000);
  const used = await command(7n, before.clock.wallMs());
  expect(await before.verify(used)).toMatchObject({ ok: true });

  const after = live(kept, 0, 'boot'); // The power was away for half a minute, and there is no clock on the board.
  await after.clock.advance(20_000);
  after.clock.stepWall(startMs + 600_000 + 30_000);
  after.now.quality = 'synced';
  expect(await after.verify(used)).toMatchObject({ ok: false, error: { attack: 'replay' } });
  expect(await after.verify(await command(8n, after.clock.wallMs()))).toMatchObject({ ok: true });
});

test('commands are taken again once a clock that was ahead at the start is right', async () => {
  const { clock, now, verify } = live(new Map(), startMs + 400 * 86_400_000, 'estimated');
  await clock.advance(20_000);
  clock.stepWall(-400 * 86_400_000);
  now.quality = 'synced';
  expect(await verify(await command(9n, clock.wallMs()))).toMatchObject({ ok: true });
});

test('nor before it is right, on a board that knows the time only to the hour', async () => {
  const kept = new Map<string, string>();
  const before = live(kept, startMs, 'synced');
  await before.clock.advance(50 * 60_000);
  const used = await command(7n, before.clock.wallMs());
  expect(await before.verify(used)).toMatchObject({ ok: true });

  const after = live(kept, 0, 'boot');
  expect(await after.verify(used)).toMatchObject({ ok: false, error: { attack: 'replay' } });
  expect(await after.verify(await command(8n, startMs + 51 * 60_000))).toMatchObject({ ok: true });
  const last = live(kept, 0, 'boot');
  expect(await last.verify(used)).toMatchObject({ ok: false, error: { attack: 'replay' } });
});

test('commands that were signed out of their order are all taken in one life', async () => {
  const kept = new Map<string, string>();
  const { clock, verify } = live(kept, startMs, 'synced');
  await clock.advance(60_000);
  expect(await verify(await command(1n, clock.wallMs()))).toMatchObject({ ok: true });
  expect(await verify(await command(2n, clock.wallMs() - 10_000))).toMatchObject({ ok: true });
});

test('nor when the agent is back within a second, and its clock is right', async () => {
  const kept = new Map<string, string>();
  const used = await command(7n, startMs);
  expect(await live(kept, startMs, 'synced').verify(used)).toMatchObject({ ok: true });
  expect(await live(kept, startMs + 1_000, 'synced').verify(used)).toMatchObject({
    ok: false,
    error: { attack: 'replay' },
  });
});

test('one that was signed by a clock a month ahead shuts out nobody in the next life with a right clock, nor later', async () => {
  const kept = new Map<string, string>();
  const before = live(kept, startMs, 'estimated');
  expect(await before.verify(await command(1n, startMs + 30 * 86_400_000))).toMatchObject({ ok: true });
  const after = live(kept, startMs + 120_000, 'synced');
  expect(await after.verify(await command(3n, startMs + 120_000))).toMatchObject({ ok: true });
  expect(kept.get('trust.used.panel')).toBe(String(startMs + 120_000));
});

test('one that was signed by a clock a month ahead shuts out nobody once the clock of the board is right', async () => {
  const kept = new Map<string, string>();
  const before = live(kept, startMs, 'estimated');
  expect(await before.verify(await command(1n, startMs + 30 * 86_400_000))).toMatchObject({ ok: true });
  await before.clock.advance(60_000);
  expect(await before.verify(await command(9n, before.clock.wallMs()))).toMatchObject({
    ok: false,
    error: { detail: expect.stringContaining('have the clock of this board set') },
  });
  before.now.quality = 'synced';
  expect(await before.verify(await command(2n, before.clock.wallMs()))).toMatchObject({ ok: true });

  const after = live(kept, startMs + 120_000, 'synced');
  await after.clock.advance(60_000);
  expect(await after.verify(await command(3n, after.clock.wallMs()))).toMatchObject({ ok: true });
});
