import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { httpBodyBytesMax, httpClientsMax } from '../../../agent/limits.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { freePort } from '../../support/ports.ts';
import { startSyncAgent } from '../../support/sync-agent.ts';

/** The whole agent with its HTTP side on a port of the loopback. */
async function openRig() {
  const port = await freePort();
  const rig = await startSyncAgent(`http: { port: ${port}, write: true }\n`);
  const url = `http://127.0.0.1:${port}/api/qn`;
  const streams = new AbortController();
  return {
    ...rig,
    port,
    url,
    post: (body: unknown, headers: { readonly [name: string]: string } = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return fetch(url, { method: 'POST', body: text, headers });
    },
    async stream(client: string) {
      const response = await fetch(`${url}/stream?client_id=${client}`, { signal: streams.signal });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      return readEvents(response);
    },
    async [Symbol.asyncDispose]() {
      streams.abort();
      await rig[Symbol.asyncDispose]();
    },
  };
}

/** `delta {"ver":2…}`, one for each event. */
function readEvents(response: Response) {
  const events = createArrivals<{ readonly event: string; readonly data: { readonly [key: string]: unknown } }>();
  const read = async () => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString('utf8');
      const blocks = text.split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event = '', data = 'null'] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        if (event !== '') events.push({ event, data: JSON.parse(data) });
      }
    }
  };
  read().catch(() => {}); // Aborted at the end of the test.
  return events;
}

const relay = { client_id: 'me', topic: 'gpio.relay1' };

describe('local applications over HTTP', () => {
  it('subscribe, hear what changes from wherever, command, and unsubscribe', async () => {
    await using rig = await openRig();
    const subscribed = await rig.post(relay);
    expect([subscribed.status, subscribed.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(await subscribed.json()).toMatchObject({
      ...{ status: 'subscribed', t: 'snapshot', src: 'pi-1', doc: 'gpio.relay1', ver: 1, val: false },
    });
    const events = await rig.stream('me');
    expect(await events.next()).toMatchObject({ event: 'snapshot', data: { ver: 1, val: false } });
    rig.say('notify/gpio.relay1', 'ON');
    expect(await events.next()).toMatchObject({ event: 'delta', data: { base: 1, ver: 2, val: true } });
    const ended = await rig.post({ ...relay, action: 'notify', value: 'OFF' });
    expect(ended.status).toBe(200);
    expect(await ended.json()).toMatchObject({ status: 'ended', t: 'ack', doc: 'gpio.relay1', st: 'successful' });
    expect(await events.next()).toMatchObject({ event: 'delta', data: { base: 2, ver: 3, val: false } });
    expect((await rig.said.next(({ message }) => message.t === 'ack' && message.st === 'successful')).topic).toBe(
      'pi-1/ack/gpio.relay1', // What is done here is told there.
    );
    expect(await (await rig.post({ ...relay, action: 'unsubscribe' })).json()).toEqual({ status: 'unsubscribed' });
  });

  it('hear the events of an input', async () => {
    await using rig = await openRig();
    await rig.post({ client_id: 'me', topic: 'gpio.button1' });
    const events = await rig.stream('me');
    await events.next(({ event }) => event === 'snapshot');
    rig.board.wire('GPIO27').pull(1);
    const event = await events.next(({ event: name }) => name === 'event');
    expect(event.data).toMatchObject({ t: 'event', doc: 'gpio.button1', val: true });
  });

  it('are told by the final ack that a command was refused', async () => {
    await using rig = await openRig();
    const refused = await rig.post({ ...relay, action: 'notify', value: 'perhaps' });
    expect([refused.status, await refused.json()]).toMatchObject([200, { st: 'rejected', why: 'out-of-range' }]);
    const kept = await rig.post({ topic: 'channels', action: 'notify', value: 1 });
    expect(await kept.json()).toMatchObject({ st: 'rejected', why: 'unsupported' });
  });

  it('stand in the health report', async () => {
    await using rig = await openRig();
    await rig.post(relay);
    expect(rig.agent.sources.http()).toMatchObject({
      clients: 1,
      listening: [`http://127.0.0.1:${rig.port}`],
      failed: [],
    });
  });
});

describe('a request over HTTP', () => {
  it.each([
    ['of a method that is not there', 'GET', '', '', 405, 'POST'],
    ['of a method that is not there, for the stream', 'POST', '/stream', '{}', 405, 'GET'],
    ['for a path that is not there', 'GET', '/nothing', '', 404, null],
    ['that is no JSON', 'POST', '', '{"client_id":', 400, null],
    ['without a client', 'POST', '', '{"topic":"gpio.relay1"}', 400, null],
    ['for a topic that is not there', 'POST', '', '{"client_id":"me","topic":"gpio.relay9"}', 404, null],
    ['to command what is not there', 'POST', '', '{"action":"notify","topic":"x","value":1}', 404, null],
    ['to unsubscribe a client that is not known', 'POST', '', '{"client_id":"x","action":"unsubscribe"}', 404, null],
    ['for the stream of a client that is not known', 'GET', '/stream?client_id=x', '', 404, null],
    ['for a stream without a client', 'GET', '/stream', '', 400, null],
  ])('%s is refused: %s %s %s is %s', async (_, method, below, body, code, allow) => {
    await using rig = await openRig();
    const response = await fetch(`${rig.url}${below}`, { method, ...(method === 'POST' ? { body } : {}) });
    expect([response.status, response.headers.get('allow')]).toEqual([code, allow]);
    expect(await response.json()).toMatchObject({ status: 'refused', detail: expect.stringMatching(/./) });
  });

  it('may be as large as a message and not larger, whether it says its length or not', async () => {
    await using rig = await openRig();
    const body = (bytesCount: number) => {
      const text = JSON.stringify({ ...relay, action: 'notify', value: '' });
      return text.replace('""', `"${'x'.repeat(bytesCount - text.length)}"`);
    };
    expect((await rig.post(body(httpBodyBytesMax + 1))).status).toBe(413);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(body(httpBodyBytesMax + 1)));
        controller.close();
      },
    });
    const chunked = await fetch(rig.url, { method: 'POST', body: stream, duplex: 'half' });
    expect(chunked.status).toBe(413);
    expect((await rig.post(body(httpBodyBytesMax - 200))).status).toBe(200); // The message around it takes its part.
  });

  it('of one client too many is refused', async () => {
    await using rig = await openRig();
    for (let count = 0; count < httpClientsMax; count += 1) {
      expect((await rig.post({ ...relay, client_id: `c${count}` })).status).toBe(200);
    }
    const refused = await rig.post(relay);
    expect([refused.status, await refused.json()]).toMatchObject([429, { reason: 'overloaded' }]);
  });

  it('of a page that came by another name is refused', async () => {
    await using rig = await openRig();
    const code = await new Promise((resolve) => {
      const options = { port: rig.port, path: '/api/qn', method: 'POST', headers: { host: 'evil.example' } };
      request(options, (response) => resolve(response.resume().statusCode)).end('{}');
    });
    expect(code).toBe(403);
    expect((await rig.post(relay, { origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('the Unix socket', () => {
  const folder = () => mkdtempSync(path.join(tmpdir(), 'qn-http-'));
  const ask = (socketPath: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const sent = request({ socketPath, path: '/api/qn', method: 'POST' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.once('error', reject).end(JSON.stringify(relay));
    });

  it('is for user and group only, takes the place of one left behind, and goes with the agent', async () => {
    const socket = path.join(folder(), 'http.sock');
    const left = createServer().listen(socket);
    await new Promise((resolve) => left.once('listening', resolve));
    await killWithoutUnlink(socket, left);
    const rig = await startSyncAgent(`http: { socket: ${socket} }\n`);
    expect(statSync(socket).mode & 0o777).toBe(0o660);
    expect(await ask(socket)).toBe(200);
    await rig[Symbol.asyncDispose]();
    expect(() => statSync(socket)).toThrow('ENOENT');
    rmSync(path.dirname(socket), { recursive: true });
  });

  it('that somebody else serves, or a file in its place, is left alone; the board works on and says so', async () => {
    const served = path.join(folder(), 'http.sock');
    const other = createServer((_, response) => response.writeHead(204).end()).listen(served);
    await new Promise((resolve) => other.once('listening', resolve));
    await using rig = await startSyncAgent(`http: { socket: ${served} }\n`);
    expect(rig.agent.sources.http()?.failed).toEqual([expect.stringContaining('EADDRINUSE')]);
    expect(await ask(served)).toBe(204);
    await new Promise((resolve) => other.close(resolve));
    const file = path.join(folder(), 'file');
    writeFileSync(file, 'precious');
    await using second = await startSyncAgent(`http: { socket: ${file} }\n`);
    expect(second.agent.sources.http()?.failed).toHaveLength(1);
    expect(statSync(file).isFile()).toBe(true);
  });
});

/** As after kill -9: the socket is in the folder and nobody listens. */
async function killWithoutUnlink(socket: string, server: ReturnType<typeof createServer>): Promise<void> {
  const { linkSync, renameSync } = await import('node:fs');
  linkSync(socket, `${socket}.kept`);
  await new Promise((resolve) => server.close(resolve));
  renameSync(`${socket}.kept`, socket);
  await new Promise((resolve) => connect(socket).once('error', resolve));
}

describe('an agent without the section http', () => {
  it('does not listen and says nothing about it', async () => {
    await using rig = await startSyncAgent();
    expect(rig.agent.sources.http()).toBeUndefined();
  });
});
