import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Aedes } from 'aedes';
import { connectAsync } from 'mqtt';
import { expect, it, vi } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { listen } from '../support/ports.ts';

vi.setConfig({ testTimeout: 60_000 });

const nodesCount = 3_000;
const atOnce = 200;
/** As long as that of a board with some documents. */
const padding = 'x'.repeat(1_000);

function health(status: string): string {
  return JSON.stringify({ t: 'health', val: { status, boot: '1', why: [], padding } });
}

const config = JSON.stringify({
  t: 'snapshot',
  val: { version: 1, vc: { unsigned: 1 }, hash: 'abc', author: 'unsigned', config: { health: {}, padding } },
});

/** What so many boards have left at the broker; the topics are those below the name of a board. */
async function leave(port: number, told: { readonly [below: string]: string }): Promise<void> {
  const client = await connectAsync({ protocol: 'mqtt', host: '127.0.0.1', port });
  for (let first = 0; first < nodesCount; first += atOnce)
    await Promise.all(
      Array.from({ length: atOnce }, (_, index) =>
        Object.entries(told).map(([below, payload]) =>
          client.publishAsync(`qn/1/pi-${first + index}/${below}`, payload, { qos: 1, retain: true }),
        ),
      ).flat(),
    );
  await client.endAsync();
}

/** mosquitto as it comes keeps a thousand messages for a client that is slow, and throws away all behind them. */
describeWithMosquitto(`qnctl at a broker with ${nodesCount} boards`, () => {
  it('health shows every one of them', async () => {
    await using broker = await startMosquitto();
    await leave(broker.port, { 'health/agent': health('online') });
    const { code, out, err } = await runProgram('qnctl', ['health', '--url', broker.url]);
    expect([code, out.trim().split('\n').length, err]).toEqual([0, nodesCount, '']);
  });

  it('a push to all reaches every one of them', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'qn-thousands-'));
    const patch = path.join(folder, 'patch.yaml');
    writeFileSync(patch, 'health: { interval: 33s }\n');
    await using broker = await startMosquitto();
    await leave(broker.port, { 'health/agent': health('offline'), 'state/config': config });
    const args = ['config', 'push', '@all', patch, '--patch', '--retain', '--url', broker.url];
    const { code, out, err } = await runProgram('qnctl', args);
    rmSync(folder, { recursive: true });
    expect([code, out.trim().split('\n').at(-1), err]).toEqual([
      0,
      `${nodesCount} took it, 0 did not, 0 were not asked`,
      '',
    ]);
  });
});

it('health says so where the broker leaves out others each time', async () => {
  const aedes = await Aedes.createBroker();
  aedes.authorizeForward = (_client, packet) => (Math.random() < 0.1 ? null : packet);
  const server = createServer(aedes.handle);
  const port = await listen(server);
  for (let index = 0; index < 600; index += 1) {
    const topic = `qn/1/pi-${index}/health/agent`;
    const packet = { cmd: 'publish', qos: 1, dup: false, retain: true, topic, payload: health('online') } as const;
    await new Promise<void>((resolve) => aedes.publish(packet, () => resolve()));
  }
  const { code, out, err } = await runProgram('qnctl', ['health', '--url', `mqtt://127.0.0.1:${port}`]);
  await new Promise<void>((resolve) => aedes.close(() => resolve()));
  server.close();
  expect([code, out.trim().split('\n').length]).toEqual([69, 600]); // All were heard, but who can know?
  expect(err).toMatch(
    /^qnctl: the broker leaves out some of what it retains, 600 were heard; .*max_queued_messages\)\n$/,
  );
});
