import { afterAll, beforeAll, expect, it } from 'vitest';
import { ok } from '../../../drivers/contract/result.ts';
import { startAedes } from '../../support/aedes.ts';
import { describeWithEjabberd, ejabberdUser, startEjabberd } from '../../support/ejabberd.ts';
import { on, openRecorded, type RealBroker } from '../../support/link-rigs.ts';
import { collect, publishOnce } from '../../support/mqtt-client.ts';

describeWithEjabberd('the link to ejabberd', () => {
  let broker: RealBroker;
  const identity = { username: ejabberdUser.username, password: () => ok(ejabberdUser.password) };

  beforeAll(async () => {
    broker = await startEjabberd();
  });

  afterAll(() => broker?.[Symbol.asyncDispose]());

  it.each([4, 5] as const)('comes up, hears and is heard in version %d', async (protocolVersion) => {
    const { link, told } = openRecorded([on(broker.port, { protocolVersion })], identity);
    await using _ = link;
    expect(await told.ups.next()).toMatchObject({ protocolVersion });
    await publishOnce(broker.port, 'in/x', 'hello', { client: ejabberdUser });
    expect((await told.messages.next()).text).toBe('hello');
    await using listener = await collect(broker.port, 'out', ejabberdUser);
    for (const qos of [0, 1, 2] as const) {
      const payload = Buffer.from(`qos ${qos}`);
      const result = await new Promise((resolve) =>
        link.publish({ topic: 'out', payload, qos, retain: false }, resolve),
      );
      expect(result).toMatchObject({ ok: true });
      expect((await listener.next()).text).toBe(`qos ${qos}`);
    }
  });

  it('hears from a broker that says so that its session was taken over', async () => {
    const { link, told } = openRecorded([on(broker.port)], { ...identity, clientId: 'twin' });
    await using _ = link;
    for (const expected of ['session taken over (0x8e)', 'client id "twin" is used twice']) {
      await told.ups.next();
      await using _twin = await collect(broker.port, 'x', { ...ejabberdUser, clientId: 'twin' });
      const detail = expect.stringContaining(expected);
      expect(await told.downs.next()).toMatchObject({ code: 'client-id-twice', detail });
    }
  });

  it('is told as auth when nobody is named', async () => {
    const { link, told } = openRecorded([on(broker.port)]);
    await using _ = link;
    expect(await told.troubles.next()).toMatchObject({ kind: 'auth', code: 'not-authorized' });
  });

  it('goes from ejabberd to aedes when it is killed', async () => {
    await using other = await startAedes();
    const brokers = [on(broker.port, { weight: 9 }), on(other.port)];
    const { link, told } = openRecorded(brokers, identity);
    await using _ = link;
    expect(await told.ups.next()).toMatchObject({ protocolVersion: 5 });
    await broker.stop();
    expect(await told.ups.next()).toMatchObject({ protocolVersion: 4 });
  });
});
