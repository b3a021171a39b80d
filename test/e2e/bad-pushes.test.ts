import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import type { Notify } from '../../agent/qn/message.ts';
import { encodeMessage } from '../../agent/qn/registry.ts';
import { makeKey } from '../../agent/trust/key-file.ts';
import { openFolderBoard } from '../../drivers/simulated/folder-board.ts';
import { runProgram } from '../support/agent-process.ts';
import {
  alice,
  badPushes,
  type Ground,
  goodPush,
  keyRow,
  lamp,
  mallory,
  relay,
  signPush,
  trusting,
} from '../support/bad-pushes.ts';
import { makeCertificates } from '../support/certificates.ts';
import { plainOf } from '../support/config-home.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { measureUnderPushes } from '../support/push-flood.ts';
import { openRig, type Rig } from '../support/rig.ts';

const finals = ['successful', 'failed', 'rejected', 'duplicate', 'expired'];

/** QN-7.2d. */
const endings = {
  nothing: { st: 'rejected' },
  accepted: { st: 'failed', val: { rollback: 'not-needed' } },
  applied: { st: 'failed', val: { rollback: 'restored' } },
} as const;

describeWithMosquitto('a running board', () => {
  const stack = new AsyncDisposableStack();
  let rig: Rig;
  let ground: Ground;
  let hash: unknown;

  beforeAll(async () => {
    const certificates = stack.use(await makeCertificates());
    const tlsPort = await freePort();
    const tls = [`certfile ${certificates.folder}/server.pem`, `keyfile ${certificates.folder}/server.key`];
    const locked = stack.use(await startMosquitto({ users: { board: 'correct-horse' } }));
    const mute = stack.use(
      await startMosquitto({ config: (folder) => [`acl_file ${folder}/acl`], files: { acl: 'topic read #\n' } }),
    );
    stack.use(await startMosquitto({ port: tlsPort, config: () => [`listener ${tlsPort} 127.0.0.1`, ...tls] }));
    rig = stack.use(
      await openRig({
        documents: [relay, lamp],
        lines: ['A', 'B', 'held'],
        sections: trusting,
        brokerConfig: ['set_tcp_nodelay true'],
      }),
    );
    const claim = openFolderBoard(rig.board).claim('held', 'another program');
    if (!claim.ok) throw new Error(claim.error.detail);
    stack.defer(() => claim.value.release());
    await rig.start();
    const told = await rig.hear({ verb: 'state', document: 'config' }); // Pushes are taken from here on.
    hash = Object(told.message.val).hash;
    await writeFile(path.join(rig.folder, 'password'), 'wrong-horse\n', { mode: 0o600 });
    ground = {
      config: Object(plainOf(await readFile(rig.configFile, 'utf8'))),
      deadUrl: `mqtt://127.0.0.1:${await freePort()}`,
      lockedUrl: locked.url,
      passwordFile: path.join(rig.folder, 'password'),
      muteUrl: mute.url,
      strangeUrl: `mqtts://localhost:${tlsPort}`,
    };
  }, 60_000);
  afterAll(() => stack.disposeAsync());

  async function push(message: Notify): Promise<Heard> {
    const encoded = encodeMessage(message, 'json');
    if (!encoded.ok) throw new Error(encoded.error.detail);
    await rig.say('notify/config', encoded.value.bytes);
    const isEnd = ({ message: ack }: Heard) => ack.t === 'ack' && finals.includes(ack.st);
    return await rig.hear({ verb: 'ack', document: 'config', id: message.id ?? 0n, test: isEnd }, 15_000);
  }

  async function lampOn(): Promise<void> {
    await rig.say('notify/lamp', 'ON');
    await rig.hear({ verb: 'ack', document: 'lamp', status: 'successful' });
    expect([rig.wire('A'), rig.wire('B')]).toEqual(['1', '1']);
  }

  const edges = () => ({ relay: rig.transitionCount('A'), lamp: rig.transitionCount('B') });

  test.each(badPushes)(
    'refuses a push $title, or takes it back, for the right reason',
    { timeout: 30_000 },
    async (bad) => {
      await lampOn();
      const before = edges();
      const heardCount = rig.listener.all.length;
      const { message: ack } = await push(await bad.make(ground));
      expect(ack).toMatchObject({
        why: bad.reason,
        detail: expect.stringMatching(bad.says),
        val: { version: 0, hash },
      });
      expect(ack).toMatchObject(endings[bad.comesTo ?? 'nothing']);
      // The relay that none of them is about never moves; the lamp only where its line was let go of and taken back.
      expect(edges()).toEqual({ relay: before.relay, lamp: bad.movesLamp ? before.lamp + 1 : before.lamp });
      expect([rig.wire('A'), rig.wire('B')]).toEqual(['1', bad.movesLamp ? '0' : '1']);
      const events = rig.listener.all
        .slice(heardCount)
        .filter(({ verb, document }) => verb === 'event' && document === 'agent');
      for (const { message: event } of events) {
        expect(event).toMatchObject({
          val: { what: 'refused', attack: bad.attack, reason: bad.reason, document: 'config' },
        });
      }
    },
  );

  it('told each attack by an event of its own', () => {
    const events = rig.listener.all.filter(({ verb, document }) => verb === 'event' && document === 'agent');
    const told = events.map(({ message }) => Object(message.val).attack);
    expect(new Set(told)).toEqual(new Set(badPushes.flatMap(({ attack }) => attack ?? [])));
    expect(told).toHaveLength(new Set(told).size); // Once a minute each.
  });

  it('is not reached by 10 MB, which its broker keeps; what is somewhat too large it refuses unread', async () => {
    await lampOn();
    const before = edges();
    const reconnects = await reconnectsOf(rig);
    await rig.say('notify/config', Buffer.alloc(10 * 1_024 * 1_024, 0x20));
    await rig.say('notify/config', Buffer.alloc(200 * 1_024, 0x20));
    const tooLarge = ({ message }: Heard) =>
      message.t === 'ack' && message.why === 'too-large' && message.detail?.startsWith('a token') !== true;
    const { message } = await rig.hear({ verb: 'ack', document: 'config', test: tooLarge });
    expect(message).toMatchObject({ st: 'rejected', detail: expect.stringContaining('204800') });
    const file = path.join(rig.folder, 'large.yaml');
    await writeFile(file, `# ${'x'.repeat(10 * 1_024 * 1_024)}\n`);
    const refused = await runProgram('qnctl', ['config', 'push', 'pi-1', file, '--url', rig.broker.url]);
    expect([refused.code, refused.err]).toEqual([78, expect.stringContaining('large.yaml')]);
    expect([edges(), await reconnectsOf(rig)]).toEqual([before, reconnects]);
  });

  it('obeys commands as fast while 10 000 forged pushes a minute arrive, and answers each of them', async () => {
    await lampOn();
    const before = edges();
    const forged = await signPush(goodPush(ground), mallory);
    const flood = { document: 'lamp', push: forged, rounds: 3, roundMs: 1_200 };
    const { idle, flooded, sentCount, answeredCount } = await measureUnderPushes(rig, flood);
    expect(sentCount).toBeGreaterThanOrEqual((3 * 1_200 * 10_000) / 60_000);
    expect(answeredCount).toBe(sentCount);
    // What the machine itself takes now and then is no fault of the flood.
    expect(flooded.percentileMs(99)).toBeLessThan(3 * Math.max(idle.percentileMs(99), 20));
    expect(edges()).toEqual(before);
  }, 60_000);

  it('takes the good push after all of them, and one that changes the keys: then the old key is a stranger', async () => {
    await lampOn();
    const before = edges();
    expect((await push(await signPush(goodPush(ground)))).message).toMatchObject({
      st: 'successful',
      val: { version: 1 },
    });
    const next = makeKey('alice-2');
    const rotated = Object(plainOf(`trust:\n  keys:\n${keyRow(next, 'config, trust', ', author: alice')}`));
    const second = { ...goodPush(ground, rotated), ver: 2, vc: { alice: 2 } };
    expect((await push(await signPush(second))).message).toMatchObject({ st: 'successful', val: { version: 2 } });
    const third = () => ({
      ...goodPush(ground, { ...rotated, health: { interval: '20s' } }),
      ver: 3,
      vc: { alice: 3 },
    });
    expect((await push(await signPush(third(), alice))).message).toMatchObject({
      st: 'rejected',
      why: 'unauthenticated',
    });
    expect((await push(await signPush(third(), next))).message).toMatchObject({
      st: 'successful',
      val: { version: 3 },
    });
    expect(edges()).toEqual(before);
    const health = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
    expect(health.message.val).toMatchObject({ status: 'online' });
    expect(rig.agent.out + rig.agent.err).not.toContain('"level":"error"');
  });
});

/** As the board itself counts its connections, in a report that is younger than this call. */
async function reconnectsOf(rig: Rig): Promise<unknown> {
  const heardCount = rig.listener.all.length;
  const isLater = (heard: Heard) => rig.listener.all.indexOf(heard) >= heardCount;
  return Object((await rig.hear({ verb: 'health', test: isLater }, 10_000)).message.val).link?.reconnects;
}
