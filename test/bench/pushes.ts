import { setTimeout as delay } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import type { Notify } from '../../agent/qn/message.ts';
import { encodeMessage } from '../../agent/qn/registry.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { makeSigner, signed } from '../support/signing.ts';
import type { Bench } from './bench.ts';
import { createDistribution, type Distribution, distributionFigures } from './distribution.ts';
import { figure } from './figure.ts';

const warmUpCount = 100;
const roundMs = 5_000;
const pauseMs = 10;
const pushesPerMinute = 10_000;
/** Else the broker holds back a command for up to 40 ms. */
const brokerConfig = ['set_tcp_nodelay true'];

/**
 * Command to final ack while 10 000 bad pushes a minute arrive, each with a signature to be checked, against the same without:
 * in turns of five seconds, because the machine has its moods. `pushes=6`: so many turns of each.
 */
export const benchPushes: Bench = async ({ operand = '6', tell }) => {
  const ops = makeSigner('ops', ['config', 'trust']);
  const forger = makeSigner('ops', ['config', 'trust']); // The same name: so the signature itself has to be looked at.
  const documents = [
    'gpio.relay: { driver: gpio-out, line: GPIO17 }',
    'gpio.still: { driver: gpio-out, line: GPIO18 }',
  ];
  const sections = `trust: { keys: [${ops.yaml}] }`;
  await using rig = await startRig({
    documents,
    lines: ['GPIO17', 'GPIO18'],
    sections,
    mqtt: ['acks: final'],
    brokerConfig,
  });
  await rig.hear({ verb: 'state', document: 'config' }); // Pushes are taken from here on.
  const push: Notify = {
    t: 'notify',
    src: 'mallory',
    ver: 1,
    vc: { ops: 1 },
    val: { node: 'pi-1', filler: 'x'.repeat(1_000) },
  };
  const { tok = '' } = await signed(push, forger.key, { issuedMs: Date.now(), lifeMs: 3_600_000 });
  const client = await connectAsync(rig.broker.url);
  const idle = createDistribution();
  const flooded = createDistribution();
  let pushesCount = 0;
  const flood = () => {
    pushesCount += 1;
    const encoded = encodeMessage({ ...push, id: BigInt(pushesCount), tok }, 'json');
    if (encoded.ok) client.publish('qn/1/pi-1/notify/config', Buffer.from(encoded.value.bytes), { qos: 1 });
  };
  await command(rig, createDistribution(), warmUpCount);
  for (let round = 0; round < Number(operand); round += 1) {
    await commandFor(rig, idle);
    const timer = setInterval(flood, 60_000 / pushesPerMinute);
    await commandFor(rig, flooded);
    clearInterval(timer);
    await delay(500);
  }
  await client.endAsync();
  const refused = rig.listener.all.filter(({ verb, document }) => verb === 'ack' && document === 'config').length;
  tell(`pushes: ${pushesCount} sent, ${refused} answered, ${rig.transitionCount('GPIO18')} edges on the other pin`);
  return [
    ...distributionFigures('command to ack, no pushes', idle),
    ...distributionFigures('command to ack, 10 000 pushes a minute', flooded, {
      floor: idle,
      judged: { p99: { atMostTimesFloor: 3 } },
    }),
    figure('pushes without an answer', pushesCount - refused, '', { atMost: 0 }),
    figure('edges on a pin nobody commanded', rig.transitionCount('GPIO18'), '', { atMost: 0 }),
  ];
};

async function commandFor(rig: Rig, distribution: Distribution): Promise<void> {
  const untilMs = performance.now() + roundMs;
  while (performance.now() < untilMs) await command(rig, distribution, 1);
}

async function command(rig: Rig, distribution: Distribution, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const startMs = performance.now();
    await Promise.all([rig.hear({ verb: 'ack', document: 'gpio.relay' }), rig.say('notify/gpio.relay', 'ON')]);
    distribution.addMs(performance.now() - startMs);
    await delay(pauseMs);
  }
}
