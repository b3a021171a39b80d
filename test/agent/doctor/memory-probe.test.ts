import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { probeMemory, systemRoot } from '../../../agent/doctor/probes/system.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'qn-root-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const probe = () => probeMemory(7, { ...systemRoot, proc: path.join(folder, 'proc'), sys: path.join(folder, 'sys') });
const put = (file: string, text: string) => {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
};

describe('the memory that is kept for the agent', () => {
  it.each([
    ['a service', '/qn.slice/qn-agent.service', { least: { group: '/qn.slice', bytes: 4_096 } }],
    ['a service of a kernel that keeps none', '/system.slice/qn-agent.service', {}],
  ])('is told of %s', async (_, group, expected) => {
    put('proc/7/cgroup', `0::${group}\n`);
    put('sys/fs/cgroup/qn.slice/memory.min', '4096\n');
    put('sys/fs/cgroup/qn.slice/qn-agent.service/memory.min', '8192\n');
    expect(await probe()).toEqual({ group, ...expected });
  });

  it.each([
    ['a shell', '/user.slice/user-1000.slice/session-1.scope'],
    ['a service of a person', '/user.slice/user-1000.slice/user@1000.service/app.slice/qn-agent.service'],
    ['a container', '/'],
  ])('is not looked for in %s', async (_, group) => {
    put('proc/7/cgroup', `0::${group}\n`);
    expect(await probe()).toBeUndefined();
  });

  it('is not known of a process that is gone', async () => {
    expect(await probe()).toBeUndefined();
  });
});
