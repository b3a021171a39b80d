import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { createAuthorize } from '../../../agent/dispatch/authorize.ts';
import type { Effect } from '../../../agent/documents/kind.ts';
import { silentLog } from '../../../agent/log.ts';
import { openTrust } from '../../../agent/trust/open-trust.ts';
import type { TrustedKey } from '../../../agent/trust/token.ts';
import { createMemoryBoard } from '../../../drivers/simulated/memory-board.ts';
import { createFakeClock } from '../../support/fake-clock.ts';
import { startMcuAgent } from '../../support/mcu-agent.ts';
import { makeSigner, signed } from '../../support/signing.ts';

const firmware = makeSigner('fw', ['firmware']);
const other = makeSigner('ops', ['config']);
const document = 'firmware.mcu0';
const val = { write: 'ab'.repeat(32), size: 9 };
const message = { t: 'notify', id: 7n, src: 'ci', val } as const;
const write: Effect = { do: 'firmware', order: val, once: true };

function rig(keys: readonly TrustedKey[]) {
  const clock = createFakeClock();
  const config = { node: 'pi-1', groups: [], trust: { keys } };
  const trust = openTrust({ clock, log: silentLog, clockQuality: () => 'synced' }, config);
  return {
    clock,
    authorize: createAuthorize(
      () => trust,
      () => keys,
    ),
  };
}

it('an order to write a program needs a token of a key that may, once there is such a key', async () => {
  const { clock, authorize } = rig([firmware.trusted, other.trusted]);
  const issued = { document, issuedMs: clock.wallMs() };
  expect(await authorize(await signed(message, firmware.key, issued), document, write)).toMatchObject({ ok: true });
  expect(await authorize(message, document, write)).toMatchObject({ ok: false, error: { reason: 'unauthenticated' } });
  const byOther = await signed(message, other.key, issued);
  expect(await authorize(byOther, document, write)).toMatchObject({ ok: false, error: { reason: 'not-permitted' } });
  const forged = { ...(await signed(message, firmware.key, issued)), val: { ...val, size: 10 } };
  expect(await authorize(forged, document, write)).toMatchObject({ ok: false, error: { reason: 'bad-signature' } });
});

it('pieces need none, nor do other commands', async () => {
  const { authorize } = rig([firmware.trusted]);
  expect(authorize(message, document, { ...write, once: false })).toBeUndefined();
  expect(authorize(message, document, { do: 'set', on: true })).toBeUndefined();
});

it('without such a key nobody has to sign', async () => {
  expect(rig([]).authorize(message, document, write)).toBeUndefined();
  expect(rig([other.trusted]).authorize(message, document, write)).toBeUndefined();
});

it('an order that nobody signed ends with the reason, and touches nothing', async () => {
  const gpio = createMemoryBoard();
  const keys = ', reset: { line: R }, update: { over: stk500 }';
  await using rig = await startMcuAgent({ gpio, keys, sections: `trust: { keys: [${firmware.yaml}] }` });
  await rig.hear(`event/${document}`, { link: 'up', firmware: '0.0.0' });
  const image = Buffer.from('a program');
  const sha256 = createHash('sha256').update(image).digest('hex');
  const data = { $b64: image.toString('base64') };
  rig.notify(document, JSON.stringify({ piece: sha256, size: image.length, offset: 0, data }));
  await rig.hearAck(document, 'successful');
  const { length } = gpio.wire('R').edges;
  for (const id of ['1', '2']) {
    rig.notify(document, JSON.stringify({ id, src: 'ci', val: { write: sha256, size: image.length } }));
    expect((await rig.hearAck(document, 'failed')).message).toMatchObject({ why: 'unauthenticated' });
  }
  expect(gpio.wire('R').edges).toHaveLength(length);
});
