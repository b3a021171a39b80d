import type { IPublishPacket } from 'mqtt';
import { expect, it } from 'vitest';
import { Receipts } from '../../../agent/mqtt/receipts.ts';

function openReceipts() {
  const sent: string[] = [];
  const receipts = new Receipts((bytes) => void sent.push(Buffer.from(bytes).toString('hex')));
  const arrive = (messageId: number) => {
    const packet: IPublishPacket = {
      cmd: 'publish',
      topic: 'a',
      payload: 'x',
      qos: 2,
      dup: false,
      retain: false,
      messageId,
    };
    receipts.take(packet);
    return packet;
  };
  return { receipts, sent, arrive };
}

it('PUBREC goes out when the message is kept', () => {
  const { receipts, sent, arrive } = openReceipts();
  const message = receipts.of(arrive(0x1234));
  expect([message?.qos, sent]).toEqual([2, []]);
  message?.kept?.();
  expect(sent).toEqual(['50021234']);
});

it('a repetition is known, and answered again once the first one was', () => {
  const { receipts, sent, arrive } = openReceipts();
  const first = receipts.of(arrive(7));
  const second = arrive(7);
  expect([receipts.isRepeated(second), sent]).toEqual([true, []]);
  first?.kept?.();
  arrive(7);
  expect(sent).toEqual(['50020007', '50020007']);
});

it('a number is free again after PUBREL', () => {
  const { receipts, arrive } = openReceipts();
  receipts.of(arrive(7))?.kept?.();
  receipts.released(7);
  expect(receipts.isRepeated(arrive(7))).toBe(false);
});
