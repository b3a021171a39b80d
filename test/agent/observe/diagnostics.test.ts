import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { warningCodes } from '../../../agent/health/warnings.ts';
import { freePort } from '../../support/ports.ts';
import { startSyncAgent } from '../../support/sync-agent.ts';

/** The whole agent with its diagnostics on a port. */
async function openRig(http = '', more = '') {
  const port = await freePort();
  const rig = await startSyncAgent(`http: { port: ${port}${http} }\n${more}`);
  return { ...rig, port, get: (below: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${below}`, init) };
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** What is asked of a parsed answer below. */
interface Parsed {
  readonly ok: boolean;
  readonly checks: readonly { readonly id: string; readonly ok: boolean }[];
  readonly report: { readonly status: string };
  readonly totals: object;
  readonly events: readonly { readonly kind: string; readonly lsn: number; readonly document: string }[];
}

async function parsed(response: Response): Promise<Parsed> {
  return JSON.parse(await response.text());
}

describe('metrics', () => {
  it.skipIf(!hasPromtool)(
    `promtool check metrics is clean${hasPromtool ? '' : ' (promtool is not installed)'}`,
    async () => {
      await using rig = await openRig();
      rig.say('notify/gpio.relay1', 'ON');
      rig.say('notify/gpio.relay9', 'ON');
      await rig.said.next(({ message }) => message.t === 'ack' && message.st === 'successful');
      const input = await (await rig.get('/metrics')).text();
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
      expect([status, stdout, stderr]).toEqual([0, '', '']);
    },
  );

  it('have the nine that operators ask for first', async () => {
    await using rig = await openRig();
    const response = await rig.get('/debug/metrics');
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await response.text();
    for (const line of [
      /^qn_link_in_flight \d/m,
      /^qn_send_slot_wait_seconds_bucket\{le="0\.001"\} \d/m,
      /^qn_command_duration_seconds_bucket\{le="\+Inf"\} 0$/m,
      /^qn_codec_seconds_count\{operation="encode"\} [1-9]/m,
      /^qn_gc_pause_seconds_bucket\{kind="major",le="\+Inf"\} \d/m,
      /^qn_outbox_oldest_seconds \d/m,
      /^qn_publish_acknowledge_seconds_count [1-9]/m,
      /^qn_queue_depth 0$/m,
      /^qn_disk_written_last_day_bytes \d/m,
      /^qn_memory_outside_heap_bytes\{what="external"\} [1-9]/m,
    ])
      expect(text).toMatch(line);
    expect(await (await rig.get('/metrics')).text()).toContain('qn_agent_info{');
  });

  it('count what health warns of, by what it is about', async () => {
    await using rig = await openRig('', 'config: { trust: none }');
    const text = await (await rig.get('/metrics')).text();
    const rows = [...text.matchAll(/^qn_warnings\{code="(.+)"\} (\d+)$/gm)].map(
      ([, code, count]) => `${code} ${count}`,
    );
    expect(rows.filter((row) => !row.endsWith(' 0'))).toEqual(['open-config 1']);
    expect(rows.map((row) => row.split(' ')[0])).toEqual([...warningCodes]);
  });

  it('count what happened', async () => {
    await using rig = await openRig();
    rig.say('notify/gpio.relay1', 'ON');
    await rig.said.next(({ message }) => message.t === 'ack' && message.st === 'successful');
    rig.say('notify/gpio.relay1', 'perhaps');
    await rig.said.next(({ message }) => message.t === 'ack' && message.st === 'rejected');
    const text = await (await rig.get('/metrics')).text();
    expect(text).toContain('qn_commands_total{outcome="successful"} 1\n');
    expect(text).toContain('qn_messages_refused_total{reason="out-of-range"} 1\n');
    expect(text).toContain('qn_command_duration_seconds_count 1\n');
    expect(text).toContain('qn_driver_up{document="gpio.relay1",driver="gpio-out"} 1\n');
    expect(text).toContain('qn_link_up{broker="');
  });
});

describe('what is asked for below /debug', () => {
  it('config is the one that runs, and no secret is in it', async () => {
    process.env['QN_TEST_SECRET'] = 'do-not-tell-0123456789';
    await using rig = await openRig(', token: "env:QN_TEST_SECRET"');
    const response = await rig.get('/debug/config', { headers: { authorization: 'Bearer do-not-tell-0123456789' } });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ node: 'pi-1', http: { token: 'env:QN_TEST_SECRET', isWritable: false } });
    expect(text).not.toContain('do-not-tell');
  });

  it('health says of each check whether it is ok', async () => {
    await using rig = await openRig();
    const response = await rig.get('/debug/health');
    const health = await parsed(response);
    const ids = health.checks.map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['broker', 'pool', 'driver.gpio.relay1', 'selftest.config.valid']));
    expect(health.report.status).toBe('online');
    expect([response.status, health.ok]).toEqual([
      health.checks.every(({ ok }) => ok) ? 200 : 503,
      response.status === 200,
    ]);
  });

  it('health is 503 with the reason while the broker is away', async () => {
    await using rig = await openRig();
    rig.broker.setWeather({ refusesConnects: true });
    rig.broker.drop();
    const response = await rig.get('/debug/health');
    const broker = (await parsed(response)).checks.find(({ id }) => id === 'broker');
    expect([response.status, broker?.ok]).toEqual([503, false]);
  });

  it('events have a number, both clocks and what happened; those behind a number are told alone', async () => {
    await using rig = await openRig();
    rig.say(
      'notify/gpio.relay1',
      '{"id":"7","val":"ON","tr":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
    );
    await rig.said.next(({ message }) => message.t === 'ack' && message.st === 'successful');
    const all = await parsed(await rig.get('/debug/events'));
    expect(all.totals).toMatchObject({ command: 1, link: 1 });
    const change = all.events.findLast(({ kind }) => kind === 'change');
    expect(change).toMatchObject({ document: 'gpio.relay1', value: true, ts: expect.closeTo(Date.now(), -5) });
    const told = rig.said.all.findLast(({ message }) => message.t === 'snapshot' && message.doc === 'gpio.relay1');
    expect(change?.lsn).toBe(told?.message.lsn);
    const later = await parsed(await rig.get(`/debug/events?after=${change?.lsn}`));
    expect(later.events).toMatchObject([
      {
        kind: 'command',
        document: 'gpio.relay1',
        value: { status: 'successful' },
        trace: expect.stringMatching(/^00-0af7/),
      },
    ]);
    expect((await rig.get('/debug/events?after=x')).status).toBe(400);
  });

  it('profile is one that DevTools read, one at a time, and of a bounded time', async () => {
    await using rig = await openRig();
    const first = rig.get('/debug/profile?seconds=0.5');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await rig.get('/debug/profile?seconds=1')).status).toBe(429);
    const response = await first;
    expect(response.headers.get('content-disposition')).toContain('.cpuprofile"');
    expect(Object.keys(await parsed(response))).toEqual(expect.arrayContaining(['nodes', 'samples', 'timeDeltas']));
    for (const seconds of ['0', '61', 'x'])
      expect((await rig.get(`/debug/profile?seconds=${seconds}`)).status).toBe(400);
  });

  it('heap is only for who proved who he is, and neither twice at once nor twice in a row', async () => {
    await using open = await openRig();
    expect((await open.get('/debug/heap')).status).toBe(403);
    process.env['QN_TEST_SECRET'] = 'a-token-of-enough-bytes';
    await using rig = await openRig(', token: "env:QN_TEST_SECRET"');
    const headers = { authorization: 'Bearer a-token-of-enough-bytes' };
    const responses = await Promise.all([1, 2, 3].map(() => rig.get('/debug/heap', { headers })));
    const [response, ...others] = responses.toSorted((left, right) => left.status - right.status);
    expect(others.map(({ status }) => status)).toEqual([429, 429]);
    expect(Object.keys(JSON.parse((await response?.text()) ?? ''))).toContain('snapshot');
    expect((await rig.get('/debug/heap', { headers })).status).toBe(429);
  });
});

describe('without http.write', () => {
  it('everything is told and nothing is done', async () => {
    await using rig = await openRig();
    const post = (body: object) => rig.get('/api/qn', { method: 'POST', body: JSON.stringify(body) });
    expect((await post({ client_id: 'me', topic: 'gpio.relay1' })).status).toBe(200);
    const refused = await post({ action: 'notify', topic: 'gpio.relay1', value: 'ON' });
    expect([refused.status, await refused.json()]).toMatchObject([
      403,
      { reason: 'not-permitted', detail: expect.stringContaining('http.write') },
    ]);
    expect(rig.board.wire('GPIO17').level).toBe(0);
  });
});

describe('a token', () => {
  const token = 'correct-horse-battery';

  async function openWithToken(text: string, http = '') {
    const folder = mkdtempSync(path.join(tmpdir(), 'qn-token-'));
    const file = path.join(folder, 'token');
    writeFileSync(file, text, { mode: 0o600 });
    const rig = await openRig(`, token: "file:${file}"${http}`);
    return {
      ...rig,
      [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose]().then(() => rmSync(folder, { recursive: true })),
    };
  }

  it('is asked for of every request', async () => {
    await using rig = await openWithToken(`${token}\n`);
    for (const below of ['/metrics', '/debug/health', '/debug/config', '/debug/heap', '/api/qn/stream', '/nothing']) {
      const denied = await rig.get(below);
      expect([below, denied.status, denied.headers.get('www-authenticate')]).toEqual([
        below,
        401,
        'Bearer realm="qn-agent"',
      ]);
      expect(await denied.json()).toMatchObject({ reason: 'unauthenticated' });
    }
    for (const wrong of [`Bearer ${token}x`, `Basic ${token}`, 'Bearer ', token]) {
      expect((await rig.get('/metrics', { headers: { authorization: wrong } })).status).toBe(401);
    }
    expect((await rig.get('/metrics', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
  });

  it('that is too short keeps the port closed, and health says why', async () => {
    await using rig = await openWithToken('short');
    expect(rig.agent.sources.http()?.failed).toEqual([expect.stringContaining('openssl rand -hex 16')]);
    await expect(rig.get('/metrics')).rejects.toThrow();
  });

  const address = Object.values(networkInterfaces()).flatMap((rows = []) =>
    rows.filter(({ internal, family }) => !internal && family === 'IPv4'),
  )[0]?.address;

  it.skipIf(address === undefined)(
    `opens the way for other machines, by address${address === undefined ? ' (no network here)' : ''}`,
    async () => {
      await using rig = await openWithToken(token, ', host: 0.0.0.0');
      const headers = { authorization: `Bearer ${token}` };
      const ask = (own: { readonly [name: string]: string }) =>
        new Promise<number | undefined>((resolve, reject) => {
          const options = { host: address, port: rig.port, path: '/debug/config', headers: own };
          request(options, (response) => resolve(response.resume().statusCode))
            .once('error', reject)
            .end();
        });
      expect(await ask(headers)).toBe(200);
      expect(await ask({})).toBe(401);
      expect(await ask({ ...headers, host: 'evil.example' })).toBe(403);
      expect(await ask({ ...headers, origin: 'http://evil.example' })).toBe(403);
    },
  );
});
