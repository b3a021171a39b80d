import type { PoolLimits } from '../../agent/limits.ts';
import type { PublishDone } from '../../agent/mqtt/connection.ts';
import type { Link, LinkErrorKind } from '../../agent/mqtt/link.ts';
import { Outbox } from '../../agent/mqtt/outbox.ts';
import type { Outgoing } from '../../agent/mqtt/outgoing.ts';
import { createPool } from '../../agent/pool/pool.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { createFakeClock } from './fake-clock.ts';

export const capacity = 40;
const limits: PoolLimits = {
  small: { payloadBytes: 32, quota: { inbound: 1, executing: 1, outbox: capacity - 1, framer: 1 } },
  large: { payloadBytes: 128, quota: { inbound: 1, executing: 1, outbox: 1, framer: 1 } },
};

/** An outbox at a link that acknowledges when the test says so. */
export function openOutbox() {
  const clock = createFakeClock();
  const pool = createPool(limits);
  pool.seal();
  const outbox = new Outbox(clock, pool);
  const handed: { text: string; done: PublishDone }[] = [];
  const link: Link = {
    isUp: true,
    counters: { connects: 1, attempts: 1, messagesIn: 0, messagesOut: 0 },
    brokers: () => [],
    publish: ({ payload }, done) => void handed.push({ text: Buffer.from(payload).toString(), done }),
    async [Symbol.asyncDispose]() {},
  };
  const up = (receiveMaximum = 65_535) => outbox.up(link, { broker: 'test', protocolVersion: 5, receiveMaximum });
  const send = (text: string, policy: Outgoing['policy'] = 'keep') =>
    outbox.send({ topic: 't', bytes: Buffer.from(text), qos: 1, retain: false, policy });
  const sendPassing = (text: string) =>
    outbox.send({ topic: 't', bytes: Buffer.from(text), qos: 1, retain: false, policy: 'keep', isPassing: true });
  const texts = () => handed.map(({ text }) => text);
  /** As a link does it: everything in flight fails, then it says that it is down. */
  const breakOff = () => {
    const error = { kind: 'closed', detail: 'gone' } as const;
    for (const { done } of handed.splice(0)) done(fail(error));
    outbox.down();
  };
  const acknowledge = (index = 0) => handed.splice(index, 1)[0]!.done(ok());
  const refuse = (kind: LinkErrorKind) => handed.shift()!.done(fail({ kind, detail: 'no' }));
  return { clock, pool, outbox, handed, up, send, sendPassing, texts, breakOff, acknowledge, refuse };
}

export function names(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `m${index}`);
}
