import type { Notify } from '../../agent/qn/message.ts';
import { measureUnderPushes } from '../support/push-flood.ts';
import { startRig } from '../support/rig.ts';
import { makeSigner, signed } from '../support/signing.ts';
import type { Bench } from './benches.ts';
import { distributionFigures } from './distribution.ts';
import { figure } from './figure.ts';

const roundMs = 5_000;
/** Else the broker holds back a command for up to 40 ms. */
const brokerConfig = ['set_tcp_nodelay true'];

/**
 * Command to final ack while 10 000 bad pushes a minute arrive, each with a signature to be checked, against the same without:
 * in turns of five seconds. `pushes=6`: so many turns of each.
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
  const plain: Notify = {
    t: 'notify',
    src: 'mallory',
    ver: 1,
    vc: { ops: 1 },
    val: { node: 'pi-1', filler: 'x'.repeat(1_000) },
  };
  const push = await signed(plain, forger.key, { issuedMs: Date.now(), lifeMs: 3_600_000 });
  const flood = { document: 'gpio.relay', push, rounds: Number(operand), roundMs };
  const { idle, flooded, sentCount, answeredCount } = await measureUnderPushes(rig, flood);
  tell(`pushes: ${sentCount} sent, ${answeredCount} answered, ${rig.transitionCount('GPIO18')} edges on the other pin`);
  return [
    ...distributionFigures('command to ack, no pushes', idle),
    ...distributionFigures('command to ack, 10 000 pushes a minute', flooded, {
      floor: idle,
      judged: { p99: { atMostTimesFloor: 3 } },
    }),
    figure('pushes without an answer', sentCount - answeredCount, '', { atMost: 0 }),
    figure('edges on a pin nobody commanded', rig.transitionCount('GPIO18'), '', { atMost: 0 }),
  ];
};
