import { expect, test } from 'vitest';
import { silentLog } from '../../../agent/log.ts';
import type { Notify } from '../../../agent/qn/message.ts';
import type { StoreError } from '../../../agent/store/error.ts';
import { openTrust } from '../../../agent/trust/open-trust.ts';
import { ok, type Result } from '../../../drivers/contract/result.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { makeSigner, signed } from '../../support/signing.ts';

const startMs = Date.parse('2026-11-25T12:00:00Z');
const dayMs = 86_400_000;
const builder = makeSigner('builder', ['firmware']);
const config = { node: 'pi-1', groups: [], trust: { keys: [builder.trusted] } };
const older = { write: 'ab'.repeat(32), size: 9 };
const newer = { write: 'cd'.repeat(32), size: 9 };

/** One life of the agent; `kept` is its disk. */
function live(kept: Map<string, string>, wallMs: number, quality: 'synced' | 'boot' = 'synced') {
  const clock = createFakeClock(wallMs);
  const values = {
    get: (key: string) => kept.get(key),
    async set(key: string, text: string) {
      kept.set(key, text);
      return ok();
    },
  };
  const trust = openTrust({ clock, log: silentLog, clockQuality: () => quality, values }, config);
  return (message: Notify, document = 'firmware.mcu0') => trust.verify(message, { document, role: 'firmware' });
}

function order(id: bigint, val: typeof older, issuedMs: number, document = 'firmware.mcu0'): Promise<Notify> {
  const message = { t: 'notify', id, src: 'ci', val } as const;
  return signed(message, builder.key, { document, issuedMs, lifeMs: 90 * dayMs });
}

const stale = { ok: false, error: { reason: 'stale-version', attack: 'rollback', kid: 'builder' } };

test('an order that was recorded brings no older program back, whoever sends it, also to a later life', async () => {
  const kept = new Map<string, string>();
  const verify = live(kept, startMs);
  const recorded = await order(1n, older, startMs);
  expect(await verify(recorded)).toMatchObject({ ok: true });
  const last = await order(2n, newer, startMs + 60_000);
  expect(await verify(last)).toMatchObject({ ok: true });
  expect(await verify(recorded)).toMatchObject(stale);
  const later = live(kept, startMs + 8 * dayMs);
  for (const replayed of [recorded, { ...recorded, src: 'somebody-else' }])
    expect(await later(replayed)).toMatchObject(stale);
  // The broker keeps the last one for a node that was away, and brings it with each connection (QN-7.8h).
  expect(await later(last)).toMatchObject({ ok: true });
  expect(await later(await order(3n, older, startMs + 8 * dayMs))).toMatchObject({ ok: true });
  expect(await later(last)).toMatchObject(stale);
});

test('of two that were signed in one second the second is told to be signed anew, unless it orders the same', async () => {
  const verify = live(new Map(), startMs);
  expect(await verify(await order(1n, newer, startMs))).toMatchObject({ ok: true });
  expect(await verify(await order(2n, newer, startMs + 500))).toMatchObject({ ok: true });
  expect(await verify(await order(3n, older, startMs + 500))).toMatchObject({
    ok: false,
    error: { reason: 'stale-version', detail: expect.stringContaining('sign it anew') },
  });
});

test('each microcontroller has an order of its own', async () => {
  const verify = live(new Map(), startMs);
  expect(await verify(await order(2n, newer, startMs + 60_000))).toMatchObject({ ok: true });
  const other = await order(1n, older, startMs, 'firmware.mcu1');
  expect(await verify(other, 'firmware.mcu1')).toMatchObject({ ok: true });
});

test('an order from a clock that is years ahead does not shut out for years those that follow', async () => {
  const verify = live(new Map(), startMs, 'boot');
  const ahead = await order(1n, newer, startMs + 4_000 * dayMs);
  expect(await verify(ahead)).toMatchObject({ ok: true });
  expect(await verify(await order(2n, older, startMs + 367 * dayMs))).toMatchObject({ ok: true });
});

test('an order is let through when the disk has it, and not before', async () => {
  const writing = Promise.withResolvers<Result<void, StoreError>>();
  const asked = Promise.withResolvers<void>();
  const values = {
    get: () => undefined,
    set(key: string) {
      if (!key.startsWith('trust.order.')) return Promise.resolve(ok());
      asked.resolve();
      return writing.promise;
    },
  };
  const clock = createFakeClock(startMs);
  const trust = openTrust({ clock, log: silentLog, clockQuality: () => 'synced', values }, config);
  let isThrough = false;
  const verified = trust.verify(await order(1n, older, startMs), { document: 'firmware.mcu0', role: 'firmware' });
  void verified.then(() => {
    isThrough = true;
  });
  await asked.promise;
  await new Promise(setImmediate);
  expect(isThrough).toBe(false);
  writing.resolve(ok());
  expect(await verified).toMatchObject({ ok: true });
});
