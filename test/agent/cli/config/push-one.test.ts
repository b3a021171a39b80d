import { expect, test } from 'vitest';
import { Fleet } from '../../../../agent/cli/config/fleet.ts';
import { pushOne, type Sender } from '../../../../agent/cli/config/push-one.ts';
import type { Value } from '../../../../agent/qn/message.ts';
import { createIdSource } from '../../../../agent/qn/snowflake.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { createFakeClock } from '../../../support/fake-clock.ts';

type Wish = Partial<Pick<Sender, 'value' | 'takenBack' | 'isPatch' | 'isRetained'>>;

interface Told {
  readonly status?: string;
  readonly config?: Value;
  readonly isConfigKept?: boolean;
}

/** A node `a` as the broker tells of it, the push to it, and what was published; the clock stands still. */
function openNode({ status = 'online', config = {}, isConfigKept = false }: Told = {}) {
  const clock = createFakeClock();
  const fleet = new Fleet(clock, 'qn/1');
  const hear = (below: string, message: object) =>
    fleet.hear(`qn/1/a/${below}`, Buffer.from(JSON.stringify(message)), true);
  hear('health/agent', { t: 'health', val: { status, boot: '1' } });
  hear('state/config', { t: 'snapshot', val: { version: 3, vc: {}, hash: 'x', origin: 'push', config, history: [] } });
  if (isConfigKept) hear('notify/config', { t: 'notify', id: '7', val: {} });
  const published: { readonly retain: boolean; readonly val: unknown }[] = [];
  const push = async (wish: Wish) => {
    const end = pushOne(
      {
        ...{ clock, fleet, source: 'test', key: undefined, author: 'unsigned', value: {}, timeoutMs: 1_000 },
        ...{ isMany: true, isPatch: true, isRetained: false, ids: createIdSource({ clock, nodeName: 'test' }) },
        ...wish,
        async publish(_topic: string, payload: Uint8Array, retain: boolean) {
          const { val } = JSON.parse(Buffer.from(payload).toString()) as { val: unknown };
          published.push({ retain, val });
          return ok();
        },
      },
      'a',
    );
    await clock.advance(1_000);
    return await end;
  };
  return { push, published };
}

test('a node that is offline is not waited for: nothing would reach it', async () => {
  const { push, published } = openNode({ status: 'offline' });
  const end = { node: 'a', status: 'unasked', detail: expect.stringMatching(/offline.*--retain/) };
  expect([await push({}), published]).toEqual([end, []]);
});

test.each([
  { isRetained: true, isConfigKept: false },
  { isRetained: false, isConfigKept: true },
])('what the broker keeps for it, it takes when it is back: %o', async ({ isRetained, isConfigKept }) => {
  const { push, published } = openNode({ status: 'offline', isConfigKept });
  const end = { status: 'kept', retained: true };
  expect([await push({ isRetained, value: { log: {} } }), published]).toMatchObject([end, [{ retain: true }]]);
});

const pushed = { health: { interval: '33s' } };
const runsIt = { node: 'a', groups: ['line-1'], ...pushed };

test.each([
  { what: 'a patch', takenBack: pushed, isPatch: true },
  { what: 'a whole config without its name', takenBack: { ...pushed, groups: ['line-1'] }, isPatch: false },
])('$what is taken back where it runs, and nowhere else', async ({ takenBack, isPatch }) => {
  const wish = { value: { rollback: true }, takenBack, isPatch };
  const here = openNode({ config: runsIt });
  expect([await here.push(wish), here.published]).toMatchObject([
    { status: 'unanswered' }, // It was sent.
    [{ val: { rollback: true } }],
  ]);
  const there = openNode({ config: { node: 'a', groups: ['line-1'] } });
  const end = { node: 'a', status: 'unchanged', version: 3, detail: expect.stringMatching(/not run .*this file/) };
  expect([await there.push(wish), there.published]).toEqual([end, []]);
});

test('where nobody knows what a node runs, it keeps it, and is named', async () => {
  const { push, published } = openNode({ config: null });
  const end = { status: 'unasked', detail: expect.stringContaining('name it itself') };
  expect([await push({ value: { rollback: true }, takenBack: pushed }), published]).toMatchObject([end, []]);
});
