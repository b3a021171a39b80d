import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { keptMemoryTest } from '../../../../agent/health/tests/kept-memory.ts';
import { unitValues } from '../../../../build/systemd/node-flags.ts';
import { runTest } from '../../../support/run-test.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qn-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const own = '/qn.slice/qn-agent.service';
const none = '0\n';
const reserve = '134217728\n';

/** As the kernel shows it: the groups of processes with their reserves, and to which of them this process belongs. */
function run(reserves: { readonly [file: string]: string }, membership = `0::${own}\n`, env = { NOTIFY_SOCKET: '/x' }) {
  for (const [name, text] of Object.entries({ 'self/cgroup': membership, ...reserves })) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return runTest(keptMemoryTest({ env, sys: folder }, folder));
}
const reserveOf = (group: string, text: string, kind = 'min') => ({ [`fs/cgroup${group}/memory.${kind}`]: text });

it('passes where the service and what is around it keep memory', async () => {
  const row = await run({ ...reserveOf(own, reserve), ...reserveOf('/qn.slice', reserve) });
  expect(row).toMatchObject({ id: 'memory.kept', status: 'pass', detail: '128 MiB' });
});

it.each([
  ['the service', { ...reserveOf(own, none), ...reserveOf('/qn.slice', reserve) }, own],
  ['its slice', { ...reserveOf(own, reserve), ...reserveOf('/qn.slice', none) }, '/qn.slice'],
])('fails, and says of which, where %s keeps none', async (_, reserves, group) => {
  expect(await run(reserves)).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining(`nothing is kept for ${group}:`),
    fix: expect.stringContaining('MemoryMin='),
  });
});

it('takes the weaker reserve, too, and one without a bound', async () => {
  expect(await run({ ...reserveOf(own, none), ...reserveOf(own, 'max\n', 'low') })).toMatchObject({
    status: 'pass',
    detail: 'all of it',
  });
});

it.each([
  ['without the account of memory', '0::/qn.slice/qn-agent.service\n'],
  ['with the account of older systems', '5:memory:/system.slice/qn-agent.service\n'],
])('says that nothing holds on a kernel %s, and what to do', async (_, membership) => {
  expect(await run({}, membership)).toMatchObject({
    status: 'skip',
    fix: expect.stringContaining('cgroup_enable=memory'),
  });
});

it('is for a service only', async () => {
  const row = await runTest(keptMemoryTest({ env: {}, sys: folder }, folder));
  expect(row).toMatchObject({ status: 'skip', detail: 'not started by a service manager' });
});

it('is what the unit asks for: a slice of its own, which keeps as much', () => {
  expect(unitValues('Slice')).toEqual(['qn.slice']);
  expect(unitValues('MemoryMin')).toEqual(unitValues('MemoryMin', 'build/systemd/qn.slice'));
  expect(unitValues('MemoryMin')).toEqual(['128M']);
});
