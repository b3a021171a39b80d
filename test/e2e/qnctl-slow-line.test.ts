import { connectAsync } from 'mqtt';
import { expect, it } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { type MakeCarrier, openTcpProxy } from '../support/tcp-proxy.ts';

const nodesCount = 20;
const pieceBytes = 1_000;
const gapMs = 700;

/** A line that brings so many bytes, and nothing for a while: lost packets are sent again. */
const slowLine: MakeCarrier = (direction, { deliver, end }) => {
  if (direction === 'toServer') return { carry: deliver, end };
  let last = Promise.resolve();
  const behind = (action: () => void) => {
    last = last.then(() => new Promise((resolve) => setTimeout(() => resolve(action()), gapMs)));
  };
  return {
    carry(chunk) {
      for (let first = 0; first < chunk.length; first += pieceBytes) {
        const piece = Uint8Array.from(chunk.subarray(first, first + pieceBytes));
        behind(() => deliver(piece));
      }
    },
    end: () => behind(end),
  };
};

describeWithMosquitto('qnctl over a line on which nothing comes for a while', () => {
  it('health waits for every board', async () => {
    await using broker = await startMosquitto();
    const writer = await connectAsync({ protocol: 'mqtt', host: '127.0.0.1', port: broker.port });
    const payload = JSON.stringify({ t: 'health', val: { status: 'online', boot: '1', padding: 'x'.repeat(100) } });
    for (let index = 0; index < nodesCount; index += 1)
      await writer.publishAsync(`qn/1/pi-${index}/health/agent`, payload, { qos: 1, retain: true });
    await writer.endAsync();
    await using line = await openTcpProxy(broker.port, slowLine);
    const { code, out } = await runProgram('qnctl', ['health', '--url', `mqtt://127.0.0.1:${line.port}`]);
    expect([code, out.trim().split('\n').length]).toEqual([0, nodesCount]);
  });
});
