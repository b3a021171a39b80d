import { expect, test } from 'vitest';
import { type Addressed, trustByConfig } from '../../../agent/config/trust.ts';
import type { Notify } from '../../../agent/qn/message.ts';

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
