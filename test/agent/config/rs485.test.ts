import { expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';

test('the kernel is told whole milliseconds of RS-485, and never less than was asked for', () => {
  const text = `node: pi-1
mqtt: { brokers: [{ url: "mqtt://h" }] }
documents: { a: { driver: serial-line, port: /dev/ttyAMA0, rs485: { before: 0.5ms, after: 2ms } } }`;
  const checked = checkConfig(text, 'c.yaml');
  const rs485 = { beforeMs: 1, afterMs: 2 };
  expect(checked.ok && checked.value.config.documents).toMatchObject({ a: { settings: { rs485 } } });
});
