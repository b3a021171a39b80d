import { expect, it, onTestFinished } from 'vitest';
import { subscribeFiltersMax } from '../../../agent/mqtt/limits.ts';
import { on, openRecorded } from '../../support/link-rigs.ts';
import { startOddBroker } from '../../support/odd-broker.ts';

const connackWithQos1Bytes = Uint8Array.of(
  0x20, // CONNACK
  0x05, // remaining length
  0x00, // no session
  0x00, // success
  0x02, // length of the properties
  0x24, // maximum QoS
  0x01,
);

/** As AWS IoT does: hangs up on more than eight filters at a time, and says nothing to a SUBSCRIBE with QoS 2. */
async function startStrictBroker() {
  const asked: string[][] = [];
  const broker = await startOddBroker((socket) => {
    socket.on('data', (chunk) => {
      if (chunk[0] === 0x10) socket.write(connackWithQos1Bytes);
      if (chunk[0] !== 0x82) return;
      const { identifier, filters } = readSubscribe(chunk);
      asked.push(filters.map(({ filter }) => filter));
      if (filters.length > 8) socket.destroy();
      if (filters.length > 8 || filters.some(({ qos }) => qos === 2)) return;
      const codes = filters.map(({ filter }) => (filter.startsWith('closed') ? 0x87 : 0x01));
      socket.write(Uint8Array.of(0x90, 3 + codes.length, ...identifier, 0x00, ...codes));
    });
  });
  onTestFinished(() => broker[Symbol.asyncDispose]());
  return { port: broker.port, asked };
}

function readSubscribe(packet: Buffer) {
  let at = 1;
  while (packet.readUInt8(at) >= 0x80) at += 1; // remaining length
  const identifier = packet.subarray(at + 1, at + 3);
  at += 4 + packet.readUInt8(at + 3); // properties
  const filters: { filter: string; qos: number }[] = [];
  while (at < packet.length) {
    const end = at + 2 + packet.readUInt16BE(at);
    filters.push({ filter: packet.toString('utf8', at + 2, end), qos: packet.readUInt8(end) & 3 });
    at = end + 1;
  }
  return { identifier, filters };
}

it.each([
  [1, [1]],
  [subscribeFiltersMax, [8]],
  [subscribeFiltersMax + 1, [8, 1]],
  [2 * subscribeFiltersMax + 1, [8, 8, 1]],
])('%d subscriptions with QoS 2 come up at a broker that takes eight at a time, and QoS 1', async (count, sizes) => {
  const broker = await startStrictBroker();
  const filters = Array.from({ length: count }, (_, index) => `in/${index}/+`);
  const subscriptions = filters.map((filter) => ({ filter, qos: 2 as const }));
  const { link, told } = openRecorded([on(broker.port)], { subscriptions });
  onTestFinished(() => link[Symbol.asyncDispose]());
  await told.ups.next();
  expect(broker.asked.map(({ length }) => length)).toEqual(sizes);
  expect(broker.asked.flat()).toEqual(filters);
});

it('what is refused is told by its name, whichever SUBSCRIBE it was in', async () => {
  const broker = await startStrictBroker();
  const filters = ['closed/1', ...Array.from({ length: 9 }, (_, index) => `in/${index}`), 'closed/2'];
  const subscriptions = filters.map((filter) => ({ filter, qos: 1 as const }));
  const { link, told } = openRecorded([on(broker.port)], { subscriptions });
  onTestFinished(() => link[Symbol.asyncDispose]());
  await told.ups.next();
  const refused = told.troubles.all.map(({ detail }) => /to "([^"]*)": not authorized/.exec(detail)?.[1]);
  expect(refused).toEqual(['closed/1', 'closed/2']);
});
