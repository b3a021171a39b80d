import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { Notify } from '../../agent/qn/message.ts';
import { encodeMessage } from '../../agent/qn/registry.ts';
import { createDistribution, type Distribution } from '../bench/distribution.ts';
import type { Rig } from './rig.ts';

const pushesPerMs = 10_000 / 60_000;
/** What is due is sent so often: timers of a busy machine come late, and the pace must hold all the same. */
const tickMs = 5;
const answersMsMax = 10_000;
const warmUpCount = 100;
const pauseMs = 10;

export interface UnderPushes {
  /** Command to final ack, without the flood and with it. */
  readonly idle: Distribution;
  readonly flooded: Distribution;
  readonly sentCount: number;
  readonly answeredCount: number;
}

/**
 * How long a switch takes to obey while this push arrives 10 000 times a minute, each under an id of its own, and how long
 * without: in turns, because the machine has its moods.
 */
export async function measureUnderPushes(
  rig: Rig,
  { document, push, rounds, roundMs }: { document: string; push: Notify; rounds: number; roundMs: number },
): Promise<UnderPushes> {
  const client = await connectAsync(rig.broker.url);
  const [idle, flooded] = [createDistribution(), createDistribution()];
  const answers = () => rig.listener.all.filter(({ verb, document: of }) => verb === 'ack' && of === 'config').length;
  const answeredBefore = answers();
  let sentCount = 0;
  const send = () => {
    sentCount += 1;
    const encoded = encodeMessage({ ...push, id: BigInt(1_000_000 + sentCount) }, 'json');
    if (encoded.ok) client.publish('qn/1/pi-1/notify/config', Buffer.from(encoded.value.bytes), { qos: 1 });
  };
  const command = async (distribution: Distribution) => {
    const startMs = performance.now();
    const ended = rig.hear({ verb: 'ack', document, status: 'successful' });
    await Promise.all([ended, rig.say(`notify/${document}`, 'ON')]);
    distribution.addMs(performance.now() - startMs);
    await delay(pauseMs);
  };
  const commandFor = async (distribution: Distribution) => {
    const untilMs = performance.now() + roundMs;
    while (performance.now() < untilMs) await command(distribution);
  };
  const warmUp = createDistribution();
  for (let count = 0; count < warmUpCount; count += 1) await command(warmUp);
  for (let round = 0; round < rounds; round += 1) {
    await commandFor(idle);
    const [startMs, before] = [performance.now(), sentCount];
    const sendDue = () => {
      const dueCount = before + Math.floor((performance.now() - startMs) * pushesPerMs);
      for (let left = dueCount - sentCount; left > 0; left -= 1) send();
    };
    const timer = setInterval(sendDue, tickMs);
    await commandFor(flooded);
    clearInterval(timer);
    sendDue();
    const untilMs = performance.now() + answersMsMax;
    while (answers() - answeredBefore < sentCount && performance.now() < untilMs) await delay(20);
  }
  await client.endAsync();
  return { idle, flooded, sentCount, answeredCount: answers() - answeredBefore };
}
