import { expect, it, onTestFinished } from 'vitest';
import { on, openRecorded } from '../../support/link-rigs.ts';
import { connackWithReceiveMaximum2Bytes, startOddBroker } from '../../support/odd-broker.ts';

const connack311Bytes = Uint8Array.of(0x20, 0x02, 0x00, 0x00);

it.each([
  [4, 3],
  [5, 2],
] as const)(
  'a broker that speaks version %d takes %d at a time: what the config or the broker says',
  async (...row) => {
    const [protocolVersion, count] = row;
    const broker = await startOddBroker((socket) => {
      socket.once('data', () =>
        socket.write(protocolVersion === 5 ? connackWithReceiveMaximum2Bytes : connack311Bytes),
      );
    });
    onTestFinished(() => broker[Symbol.asyncDispose]());
    const endpoint = on(broker.port, { protocolVersion, receiveMaximum: 3 });
    const { link, told } = openRecorded([endpoint], { subscriptions: [] });
    onTestFinished(() => link[Symbol.asyncDispose]());
    expect((await told.ups.next()).receiveMaximum).toBe(count);
    const message = { topic: 'out', payload: Buffer.from('x'), qos: 1, retain: false } as const;
    for (let index = 0; index < count; index += 1) link.publish(message, () => {});
    expect(() => link.publish(message, () => {})).toThrow(`the broker takes ${count} at a time`);
  },
);
