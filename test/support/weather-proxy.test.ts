import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Arrivals, createArrivals } from './arrivals.ts';
import { listen } from './ports.ts';
import { openWeatherProxy, type Weather } from './weather-proxy.ts';

let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

/** One connection through the weather, and what arrives at the far end. */
async function wire(weather: Weather) {
  const chunks: Arrivals<Buffer> = createArrivals();
  const ends: Arrivals<string> = createArrivals();
  const server = createServer((socket) => {
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', (error) => ends.push('code' in error ? String(error.code) : error.message));
    socket.on('end', () => ends.push('end'));
  });
  const port = await listen(server);
  stack.defer(() => void server.close());
  const proxy = stack.use(await openWeatherProxy(port, weather));
  const client: Socket = connect(proxy.port, '127.0.0.1');
  client.on('error', () => {}); // reset on purpose
  stack.defer(() => void client.destroy());
  const heard = () => Buffer.concat([...chunks.all]).toString('latin1');
  return { proxy, client, chunks, ends, heard };
}

describe('the weather on a wire', () => {
  it('carries everything in order, whatever the jitter', async () => {
    const { client, heard } = await wire({ toServer: { latencyMs: 2, jitterMs: 10 } });
    const numbers = Array.from({ length: 30 }, (_, index) => `${index} `);
    for (const number of numbers) client.write(number);
    await expect.poll(heard).toBe(numbers.join(''));
  });

  it('delivers byte by byte', async () => {
    const { client, chunks, heard } = await wire({ toServer: { isSplit: true } });
    client.write('one by one');
    await expect.poll(heard).toBe('one by one');
    expect(chunks.all.length).toBeGreaterThan(5); // the kernel may join a few
  });

  it('takes its time', async () => {
    const { client, chunks } = await wire({ toServer: { latencyMs: 60 } });
    const sinceMs = performance.now();
    client.write('late');
    await chunks.next();
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(59);
  });

  it('is as slow as it is told', async () => {
    const { client, heard } = await wire({ toServer: { bytesPerSecond: 20_000 } });
    const sinceMs = performance.now();
    client.write(Buffer.alloc(4_000, 'x'));
    await expect.poll(() => heard().length).toBe(4_000);
    expect(performance.now() - sinceMs).toBeGreaterThanOrEqual(190);
  });

  it('resets after so many bytes', async () => {
    const { client, ends, heard } = await wire({ toServer: { isSplit: true, resetAfterBytes: 5 } });
    client.write('0123456789');
    expect(await ends.next()).toBe('ECONNRESET');
    expect('01234'.startsWith(heard())).toBe(true);
  });

  it('lets so many packets through and closes instead of the next', async () => {
    const { client, ends, heard } = await wire({ toServer: { closeAfterPackets: 2 } });
    client.write(Buffer.from([0x30, 1, 0x61, 0xc0, 0, 0x30, 1, 0x62]));
    expect(await ends.next()).toBe('end');
    expect(heard()).toBe('\x30\x01a\xc0\x00');
  });

  it('is a black hole in one direction, with both sockets open', async () => {
    const { proxy, client, chunks, heard, ends } = await wire({});
    client.write('heard');
    await chunks.next();
    proxy.setWeather({ toServer: { isSilent: true } });
    client.end('unheard');
    await new Promise((resolve) => client.once('finish', resolve));
    const other = await wire({});
    other.client.write('meanwhile');
    await other.chunks.next();
    expect([heard(), ends.all]).toEqual(['heard', []]);
  });
});
