import { expect, test } from 'vitest';
import { type Addressed, trustByConfig } from '../../../agent/config/trust.ts';
import type { Notify } from '../../../agent/qn/message.ts';
import { ReplayGuard } from '../../../agent/trust/replay-guard.ts';
import { createTrustedTime } from '../../../agent/trust/trusted-time.ts';
import { createVerifier } from '../../../agent/trust/verifier.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { makeSigner, signed } from '../../support/signing.ts';

const push: Notify = { t: 'notify', id: 7n, src: 'alice', val: { node: 'pi-1' } };
const addressed: Addressed = { node: 'pi-1', groups: [], target: 'pi-1', document: 'config', nowMs: 0 };

test('without a key nobody is believed, and the refusal says what to do', async () => {
  expect(await trustByConfig('keys')(push, addressed)).toMatchObject({
    ok: false,
    error: { reason: 'unauthenticated', detail: expect.stringContaining('config.trust') },
  });
});

test('a board that says so itself believes everybody, by the name they give', async () => {
  expect(await trustByConfig('none')(push, addressed)).toEqual({ ok: true, value: { name: 'alice', roles: [] } });
  const { src: _, ...nameless } = push;
  expect(await trustByConfig('none')(nameless, addressed)).toMatchObject({ ok: true, value: { name: 'anonymous' } });
});

test('a signature of a trusted key tells who wrote it', async () => {
  const signer = makeSigner('ops-2026', ['config'], { author: 'ops' });
  const clock = createFakeClock();
  const time = createTrustedTime({ clock, clockQuality: () => 'synced' });
  const verifier = createVerifier(time, {
    keys: [signer.trusted],
    names: ['pi-1'],
    startMs: 0,
    replays: new ReplayGuard(),
  });
  const verify = trustByConfig('keys', verifier);
  const { id: _, ...message } = push;
  const good = await signed(message, signer.key, { issuedMs: clock.wallMs() });
  expect(await verify(good, addressed)).toEqual({
    ok: true,
    value: { name: 'ops', roles: ['config'], kid: 'ops-2026' },
  });
  expect(await verify(push, addressed)).toMatchObject({ error: { reason: 'unauthenticated', attack: 'no-token' } });
  const firmware = { ...addressed, document: 'firmware.mcu0' };
  expect(await verify(good, firmware)).toMatchObject({ error: { reason: 'not-permitted', attack: 'wrong-role' } });
});
