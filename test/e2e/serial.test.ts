import { expect, it } from 'vitest';
import { messageBytesMax } from '../../agent/limits.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { ptyMissing } from '../support/pty.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { openSerialWire, type SerialWire } from './serial-wire.ts';

const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);

/** What comes right after opening may be the tail of a frame, and is not told; the answer to a command is. */
async function ask(rig: Rig) {
  await rig.say('notify/serial.x', 'W');
  await rig.hear({ verb: 'ack', document: 'serial.x', status: 'successful' });
}

function withWire(body: (rig: Rig, wire: SerialWire) => Promise<void>) {
  return async () => {
    await using wire = await openSerialWire();
    const documents = [`serial.x: { driver: serial-line, port: ${wire.port}, baud: 115200, delimiter: "\\n" }`];
    await using rig = await startRig({ documents });
    await body(rig, wire);
  };
}

describeWithMosquitto('a serial line on a pty', () => {
  it.skipIf(ptyMissing)(
    'tells each line that comes in as an event, text where it is text',
    withWire(async (rig, wire) => {
      await ask(rig);
      wire.send('12.5 kg\n');
      const first = await rig.hear({ verb: 'event', document: 'serial.x' });
      expect(first.message).toMatchObject({ t: 'event', val: '12.5 kg' });
      wire.send(Uint8Array.of(0xff, 0x00, 0x80, 0x0a));
      const second = await rig.hear({ verb: 'event', document: 'serial.x' });
      expect(second.message.val).toEqual(Uint8Array.of(0xff, 0x00, 0x80));
    }),
  );

  const base64 = Buffer.from(everyByte).toString('base64');
  const cborHead = Uint8Array.of(
    0xa1, // map of one
    0x07, // val
    0x59, // byte string, two bytes of length
    0x01,
    0x00, // 256
  );
  it.skipIf(ptyMissing).each<[string, string | Uint8Array, string | Uint8Array]>([
    ['bare text', '"tare 1.5 kg\\r\\n"', 'tare 1.5 kg\r\n'],
    ['a token', 'TARE', 'TARE'],
    ['text beyond ASCII', '{"val":"grün ☂ 🦊"}', 'grün ☂ 🦊'],
    ['all byte values as {"$b64"}', `{"val":{"$b64":"${base64}"}}`, everyByte],
    ['all byte values as a bare {"$b64"}', `{"$b64":"${base64}"}`, everyByte],
    ['all byte values as a CBOR byte string', Buffer.concat([cborHead, everyByte]), everyByte],
    ['a number', '23.50', '23.5'],
    ['a boolean', '{"val":true}', 'true'],
  ])('writes %s byte for byte', async (_name, payload, expected) => {
    await withWire(async (rig, wire) => {
      await rig.say('notify/serial.x', payload);
      await rig.hear({ verb: 'ack', document: 'serial.x', status: 'successful' });
      const bytes = Buffer.from(expected);
      expect(await wire.receive(bytes.byteLength)).toEqual(bytes);
    })();
  });

  it.skipIf(ptyMissing)(
    'takes the largest message, refuses one byte more, and writes nothing of it',
    withWire(async (rig, wire) => {
      const quoted = (byteCount: number) => `"${'x'.repeat(byteCount - 2)}"`;
      await rig.say('notify/serial.x', quoted(messageBytesMax));
      expect((await wire.receive(messageBytesMax - 2)).toString()).toBe('x'.repeat(messageBytesMax - 2));
      await rig.hear({ verb: 'ack', document: 'serial.x', status: 'successful' });
      wire.clear();
      await rig.say('notify/serial.x', quoted(messageBytesMax + 1));
      const { message } = await rig.hear({ verb: 'ack', document: 'serial.x', status: 'rejected' });
      expect(message.why).toBe('too-large');
      await rig.say('notify/serial.x', '"end"');
      await rig.hear({ verb: 'ack', document: 'serial.x', status: 'successful' });
      expect((await wire.receive(3)).toString()).toBe('end');
    }),
  );

  it.skipIf(ptyMissing)('tells a frame that fits no message as lost, and why', async () => {
    await using wire = await openSerialWire();
    const documents = [`serial.x: { driver: serial-line, port: ${wire.port}, baud: 115200, max: 64KiB }`];
    await using rig = await startRig({ documents });
    await ask(rig);
    for (let count = 0; count < 16; count += 1) wire.send(Buffer.alloc(3_750, 0xff)); // 60 000 bytes, as base64 80 000.
    wire.send('\n');
    const { message } = await rig.hear({ verb: 'event', document: 'serial.x' });
    expect(message.val).toEqual({
      lost: 'too-large',
      detail: expect.stringMatching(/^80\d{3} bytes: a message has at most 65536$/),
    });
  });

  it.skipIf(ptyMissing)(
    'refuses what has no bytes: null, arrays, maps',
    withWire(async (rig, wire) => {
      for (const value of ['null', '[1]', '{"a":1}']) {
        await rig.say('notify/serial.x', value);
        const { message } = await rig.hear({ verb: 'ack', status: 'rejected' });
        expect(message.why).toBe('out-of-range');
      }
      expect(wire.received().byteLength).toBe(0);
    }),
  );
});
