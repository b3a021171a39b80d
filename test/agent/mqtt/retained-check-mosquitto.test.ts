import { expect, it } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { retainedGraceMs } from '../../../agent/limits.ts';
import { RetainedCheck } from '../../../agent/mqtt/retained-check.ts';
import { createArrivals } from '../../support/arrivals.ts';
import { openMqttRig } from '../../support/link-rigs.ts';
import { describeWithMosquitto, startMosquitto } from '../../support/mosquitto.ts';

const topic = 'qn/1/pi-1/health/agent';

/** A board at a real mosquitto, which keeps nothing over a restart. */
async function openBoard(protocolVersion: 4 | 5) {
  const rig = await openMqttRig(
    await startMosquitto(),
    protocolVersion,
    protocolVersion === 4 ? { protocolVersion } : {},
  );
  const told = createArrivals<'lost' | 'echo' | 'retained'>();
  const check = new RetainedCheck(systemClock, { topic, boot: 1n }, () => told.push('lost'));
  const birth = { topic, payload: Buffer.from('online'), qos: 1, retain: true } as const;
  const link = rig.openLink(
    {
      clientId: 'board',
      will: { ...birth, payload: Buffer.from('offline') },
      subscriptions: [{ filter: topic, qos: 1 }],
    },
    {
      onUp(up) {
        check.up(up.broker);
        link.publish(birth, () => {});
      },
      onDown: () => check.down(),
      onTrouble() {},
      onMessage(message) {
        check.hear(message);
        told.push(message.retain ? 'retained' : 'echo');
      },
    },
  );
  await told.next((what) => what === 'echo');
  return {
    rig,
    told,
    check,
    async [Symbol.asyncDispose]() {
      check[Symbol.dispose]();
      await link[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}

describeWithMosquitto('the check of what mosquitto retains', () => {
  it.each([4, 5] as const)('says nothing when the connection was cut, over MQTT %s', async (protocolVersion) => {
    await using board = await openBoard(protocolVersion);
    board.rig.cut();
    await board.told.next((what) => what === 'retained');
    await board.told.next((what) => what === 'echo');
    await new Promise((resolve) => systemClock.after(retainedGraceMs + 200, () => resolve(undefined)));
    expect(board.check.lostCount).toBe(0);
  });

  it.each([4, 5] as const)('tells a restart that lost it, over MQTT %s', async (protocolVersion) => {
    await using board = await openBoard(protocolVersion);
    await board.rig.stopBroker();
    await board.rig.startBroker();
    await board.told.next((what) => what === 'lost');
    expect(board.check.lostCount).toBe(1);
  });
});
