import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { serialQuietMsMin } from '../../../agent/documents/limits.ts';
import { silentLog } from '../../../agent/log.ts';
import { ok } from '../../../drivers/contract/result.ts';
import { createSimulatedSerialPair, type SimulatedSerialPair } from '../../../drivers/serial-simulated.ts';
import { fieldOf, startPluggedAgent } from '../../support/plugged-agent.ts';

const documents = [
  'serial.scale: { driver: serial-line, port: /dev/scale }',
  'gpio.lamp: { driver: gpio-out, line: GPIO1 }',
];
const ports = ['/dev/scale'];

describe('a board whose port is absent at boot', () => {
  test('starts, is degraded, drives its other documents, and is online when the port was plugged in', async () => {
    await using board = await startPluggedAgent({ documents });
    await board.hearHealth('degraded');
    await board.hear('state/serial.scale', { open: false });
    expect(board.agent.selfTest.health_status).toBe('DEGRADED');
    board.notify('gpio.lamp', 'ON');
    await board.hearAck('gpio.lamp', 'successful');
    board.plug('/dev/scale');
    await board.hear('state/serial.scale', { open: true });
    const health = await board.hearHealth('online');
    expect(fieldOf(health.message.val, 'why')).toEqual([]);
    expect(board.agent.selfTest.health_status).toBe('PASS');
    board.notify('serial.scale', 'tare');
    await board.hearAck('serial.scale', 'successful');
  });

  test('tells the self-test anew', async () => {
    await using board = await startPluggedAgent({ documents });
    await board.said.next(({ topic, message }) => {
      return topic === 'state/selftest' && fieldOf(message.val, 'health_status') === 'DEGRADED';
    });
    board.plug('/dev/scale');
    await board.said.next(({ topic, message }) => {
      return topic === 'state/selftest' && fieldOf(message.val, 'health_status') === 'PASS';
    });
  });
});

describe('a port that is unplugged while it is in use', () => {
  test('is told as state, event and health, and again when it is back', async () => {
    await using board = await startPluggedAgent({ documents, ports });
    await board.hearHealth('online');
    board.unplug('/dev/scale');
    await board.hear('state/serial.scale', { open: false });
    await board.hear('event/serial.scale', { open: false, why: 'unplugged' });
    const health = await board.hearHealth('degraded');
    expect(fieldOf(health.message.val, 'why')).toEqual(['serial.scale: read simulated:left: unplugged']);
    board.plug('/dev/scale');
    await board.hear('state/serial.scale', { open: true });
    await board.hear('event/serial.scale', { open: true });
    await board.hearHealth('online');
  });

  test('fails commands at once while it is away, with the reason', async () => {
    await using board = await startPluggedAgent({ documents, ports });
    await board.hear('state/serial.scale', { open: true });
    board.unplug('/dev/scale');
    board.notify('serial.scale', 'tare');
    const { message } = await board.hearAck('serial.scale', 'failed');
    expect(message.why).toBe('driver-closed');
    expect(message.detail).toContain('the port is not open and is tried again by itself: unplugged');
  });

  test('ends a command in flight', async () => {
    await using board = await startPluggedAgent({ documents, ports });
    await board.hear('state/serial.scale', { open: true });
    board.line('/dev/scale')?.stall();
    board.notify('serial.scale', JSON.stringify('x'.repeat(30_000))); // More than the wire holds.
    await board.hearAck('serial.scale', 'executing');
    board.unplug('/dev/scale');
    const { message } = await board.hearAck('serial.scale', 'failed');
    expect([message.why, message.detail]).toEqual([
      'driver-closed',
      expect.stringMatching(/: it went away or was closed when \d+ of 30000 bytes were handed over$/),
    ]);
  });

  test('delivers no half frame of before as part of one after', async () => {
    await using board = await startPluggedAgent({ documents, ports });
    await board.hear('state/serial.scale', { open: true });
    await delay(2 * serialQuietMsMin);
    await board.line('/dev/scale')?.right.write(Buffer.from('first\nhalf'), 1_000);
    await board.hear('event/serial.scale', 'first');
    board.unplug('/dev/scale');
    board.plug('/dev/scale');
    await board.hear('event/serial.scale', { open: true });
    await delay(2 * serialQuietMsMin);
    await board.line('/dev/scale')?.right.write(Buffer.from('whole\n'), 1_000);
    await board.hear('event/serial.scale', 'whole');
    const texts = board.said.all
      .filter(({ topic }) => topic === 'event/serial.scale')
      .map(({ message }) => message.val);
    expect(texts.filter((value) => typeof value === 'string')).toEqual(['first', 'whole']);
  });

  test('carries SLIP and COBS both ways', async () => {
    const port = (kind: string) => `serial.${kind}: { driver: serial-${kind}, port: /dev/${kind} }`;
    await using board = await startPluggedAgent({ documents: [port('slip'), port('cobs')] });
    const rows = [
      ['slip', 'c0dbdc0041c0', '{"$b64":"wABB"}'],
      ['cobs', '02c0024100', '{"$b64":"wABB"}'],
    ] as const;
    for (const [kind, frame, payload] of rows) {
      board.plug(`/dev/${kind}`);
      await board.hear(`state/serial.${kind}`, { open: true });
      const written = new Promise<string>((resolve) =>
        board.line(`/dev/${kind}`)?.right.onData((chunk) => resolve(Buffer.from(chunk).toString('hex'))),
      );
      board.notify(`serial.${kind}`, payload);
      expect(await written).toBe(frame);
      await board.line(`/dev/${kind}`)?.right.write(Buffer.from(frame, 'hex'), 1_000);
      await board.hear(`event/serial.${kind}`, { $b64: 'wABB' });
    }
  });

  test('warns once of what its port warns of, however often it is opened', async () => {
    const warnings: string[] = [];
    const pairs: SimulatedSerialPair[] = [];
    const warning = 'modem lines are as they were';
    await using board = await startPluggedAgent({
      documents,
      log: { ...silentLog, warn: (_fields, message) => void warnings.push(message) },
      async openBytePort() {
        const pair = createSimulatedSerialPair();
        pairs.push(pair);
        return ok({ ...pair.left, warning });
      },
    });
    await board.hear('state/serial.scale', { open: true });
    pairs[0]?.unplug();
    await board.hear('event/serial.scale', { open: true });
    expect(pairs).toHaveLength(2);
    expect(warnings.filter((text) => text === warning)).toHaveLength(1);
  });
});
