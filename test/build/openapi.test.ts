import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { expect, it } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import { runSelfTest } from '../../agent/health/self-test.ts';
import * as schemas from '../../agent/observe/api-schema.ts';
import { openApi, writeOpenApi } from '../../build/openapi.ts';
import { freePort } from '../support/ports.ts';
import { startSyncAgent } from '../support/sync-agent.ts';

it('redocly lint has nothing to say', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-openapi-'));
  await writeOpenApi(folder);
  const cli = path.resolve('node_modules/@redocly/cli/bin/cli.js');
  const args = [cli, 'lint', 'openapi.json', '--format=json'];
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', NODE_OPTIONS: '' };
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8', env });
  rmSync(folder, { recursive: true });
  const { totals, problems } = JSON.parse(stdout);
  expect([status, totals, problems]).toEqual([0, { errors: 0, warnings: 0, ignored: 0 }, []]);
});

it('every path of the server is described, and there is no other one', async () => {
  const port = await freePort();
  await using _rig = await startSyncAgent(`http: { port: ${port} }\n`);
  const answer = await fetch(`http://127.0.0.1:${port}/nothing`);
  const { detail } = v.parse(schemas.refusal, await answer.json());
  const served = /there is (.*)$/.exec(detail)?.[1]?.split(', ') ?? [];
  const described = 'paths' in openApi() ? Object.keys((openApi() as { paths: object }).paths) : [];
  expect(served.length).toBeGreaterThan(8);
  expect(described.toSorted()).toEqual(served.toSorted());
});

it('what the server answers is what is described', async () => {
  const port = await freePort();
  await using rig = await startSyncAgent(`http: { port: ${port}, write: true }\n`);
  const get = async (below: string) => await (await fetch(`http://127.0.0.1:${port}${below}`)).json();
  const post = async (request: v.InferInput<typeof schemas.qnRequest>) => {
    v.parse(schemas.qnRequest, request);
    return await (
      await fetch(`http://127.0.0.1:${port}/api/qn`, { method: 'POST', body: JSON.stringify(request) })
    ).json();
  };
  v.parse(schemas.qnAnswer, await post({ client_id: 'me', topic: 'gpio.relay1' }));
  v.parse(schemas.qnAnswer, await post({ action: 'notify', topic: 'gpio.relay1', value: 'ON' }));
  v.parse(schemas.qnAnswer, await post({ action: 'notify', topic: 'gpio.relay1', value: 'perhaps' }));
  v.parse(schemas.qnAnswer, await post({ action: 'unsubscribe', client_id: 'me' }));
  v.parse(schemas.refusal, await post({ client_id: 'me', topic: 'gpio.relay9' }));
  v.parse(schemas.health, await get('/debug/health'));
  v.parse(schemas.selfTest, await get('/debug/selftest'));
  v.parse(schemas.events, await get('/debug/events'));
  v.parse(schemas.log, await get('/debug/log'));
  v.parse(schemas.config, await get('/debug/config'));
  v.parse(schemas.cpuProfile, await get('/debug/profile?seconds=0.1'));
  v.parse(schemas.refusal, await get('/debug/profile?seconds=100'));
  v.parse(schemas.refusal, await get('/debug/heap'));
  expect(rig.board.wire('GPIO17').level).toBe(1);
});

it('a self-test with a test that took too long is described too', async () => {
  const hanging = { id: 'a', title: 'hangs', deadlineMs: 1, run: () => new Promise<never>(() => {}) };
  const report = await runSelfTest(systemClock, { tests: [hanging], vital: new Set() });
  expect(v.parse(schemas.selfTest, report).tests).toMatchObject([{ id: 'a', status: 'timeout' }]);
});
