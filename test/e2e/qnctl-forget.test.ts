import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { openListener } from '../support/heard.ts';
import { describeWithMosquitto, startMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
const device = 'homeassistant/device/qn-pi-1/config';

function forget(url: string, ...args: readonly string[]) {
  return runProgram('qnctl', ['forget', ...args, '--url', url, '--timeout', '2s']);
}

/** Every topic with something retained. */
async function keptTopics(port: number): Promise<readonly string[]> {
  await using listener = await openListener(port);
  await listener.say('end', '{}'); // Behind all that is retained.
  await listener.hear({ topic: 'end' });
  return listener.all.filter(({ retain }) => retain).map(({ topic }) => topic);
}

describeWithMosquitto('qnctl forget', () => {
  it('takes off the broker all that a dead board left there, and nothing of another one', async () => {
    await using rig = await startRig({ documents, lines: ['GPIO17'], sections: 'home-assistant: {}' });
    const { url, port } = rig.broker;
    const retain = (topic: string, payload: string) => rig.listener.say(topic, payload, { qos: 1, retain: true });
    await retain('qn/1/pi-10/health/agent', JSON.stringify({ t: 'health', val: { status: 'offline', boot: '1' } }));
    await retain('qn/1/pi-1/notify/config', JSON.stringify({ t: 'notify', id: '7', val: { health: {} } }));
    const alive = await forget(url, 'pi-1');
    expect([alive.code, alive.out]).toEqual([1, '']);
    expect(alive.err).toMatch(/^qnctl forget: pi-1 is \w+; what it says would come back\. .*--force\n$/);

    await rig.agent.end('SIGKILL');
    await rig.hear({ verb: 'health', test: ({ bytes }) => Buffer.from(bytes).includes('offline') });
    const kept = await keptTopics(port);
    const own = kept.filter((topic) => topic.startsWith('qn/1/pi-1/') || topic === device).toSorted();
    expect(own).toEqual(expect.arrayContaining([device, 'qn/1/pi-1/health/agent', 'qn/1/pi-1/notify/config']));
    const looked = await forget(url, 'pi-1', '--dry-run');
    expect([looked.code, looked.out.trim().split('\n')]).toEqual([0, own]);
    expect(await keptTopics(port)).toHaveLength(kept.length);

    const done = await forget(url, 'pi-1', '--json');
    expect([done.code, done.err]).toEqual([0, '']);
    const told = done.out.trim().split('\n');
    expect(told.map((line): unknown => JSON.parse(line))).toEqual(
      expect.arrayContaining(own.map((topic) => ({ topic }))),
    );
    expect(await keptTopics(port)).toEqual(['qn/1/pi-10/health/agent']);
    const again = await forget(url, 'pi-1');
    expect([again.code, again.err]).toEqual([69, expect.stringContaining('the broker has nothing of pi-1; ')]);
  });

  it('leaves a node alone whose health it cannot read', async () => {
    await using broker = await startMosquitto();
    await using listener = await openListener(broker.port);
    await listener.say('qn/1/pi-9/health/agent', Uint8Array.of(0xff, 0x00), { qos: 1, retain: true });
    const { code, out, err } = await forget(broker.url, 'pi-9');
    expect([code, out, err]).toEqual([1, '', expect.stringContaining('pi-9 is of another kind; ')]);
    expect((await forget(broker.url, 'pi-9', '--dry-run', '--force')).out).toBe('qn/1/pi-9/health/agent\n');
  });

  it('says what the broker keeps, where it is not allowed to write', async () => {
    await using broker = await startMosquitto({
      config(folder) {
        const access = path.join(folder, 'access');
        writeFileSync(access, 'topic read #\nuser writer\ntopic readwrite #\n');
        return [`acl_file ${access}`];
      },
    });
    await using writer = await openListener(broker.port, 'nothing', { username: 'writer' });
    await writer.say('qn/1/pi-9/state/x', '{}', { qos: 1, retain: true });
    const { code, out, err } = await forget(broker.url, 'pi-9');
    expect([code, out, err]).toEqual([
      69,
      '',
      expect.stringMatching(/not published: .*; may this user write there\? qn-agent topics --acl says/),
    ]);
  });
});
