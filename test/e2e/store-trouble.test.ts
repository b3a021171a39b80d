import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fieldOf, type Heard, statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openRig, type Rig, startRig } from '../support/rig.ts';
import { openSmallDisk, smallDiskMissing } from '../support/small-disk.ts';

const documents = ['gpio.relay: { driver: gpio-out, line: RELAY }', 'gpio.gate: { driver: gpio-out, line: GATE }'];
const lines = ['RELAY', 'GATE'];

/** A toggle with an id goes through the journal; how it ends, with its reason. */
async function toggle(rig: Rig, id: bigint): Promise<string> {
  await rig.say('notify/gpio.gate', JSON.stringify({ t: 'notify', id: `${id}`, src: 'test', val: 'toggle' }));
  const isEnd = ({ message }: Heard) => message.t === 'ack' && message.st !== 'accepted' && message.st !== 'executing';
  const { message } = await rig.hear({ verb: 'ack', document: 'gpio.gate', id, test: isEnd });
  return message.t === 'ack' ? `${message.st} ${message.why ?? ''}`.trim() : '';
}

describeWithMosquitto('an agent whose store is in trouble', () => {
  it('sets a damaged database aside, says so to everybody, and works', async () => {
    await using rig = await startRig({ documents, lines });
    expect(await toggle(rig, 1n)).toBe('successful');
    await rig.agent.end('SIGTERM');
    const folder = path.join(rig.folder, 'state', 'store');
    const file = openSync(path.join(folder, 'store.db'), 'r+');
    writeSync(file, Buffer.alloc(100, 0xa5), 0, 100, 0);
    closeSync(file);
    await rig.start();
    const said = await rig.hear({ verb: 'event', document: 'agent' });
    expect(said.message.val).toMatchObject({ what: 'store_set_aside', detail: expect.stringContaining('begun anew') });
    const [aside] = readdirSync(folder).filter((name) => name.startsWith('store.corrupt-'));
    expect(fieldOf(said.message.val, 'detail')).toContain(aside);
    expect(await toggle(rig, 2n)).toBe('successful');
    expect(rig.wire('GATE')).toBe('1');
  });

  describe.skipIf(smallDiskMissing !== undefined)(`on a disk of its own${smallDiskMissing ?? ''}`, () => {
    it('that is full refuses what it cannot journal, does everything else, and comes back by itself', {
      timeout: 60_000,
    }, async () => {
      using disk = openSmallDisk();
      await using rig = await openRig({ documents, lines, sections: 'health: { interval: 1s }' });
      const text = readFileSync(rig.configFile, 'utf8');
      writeFileSync(rig.configFile, text.replace(/^state-folder: .*$/m, `state-folder: ${disk.folder}`));
      await rig.start();
      expect(await toggle(rig, 1n)).toBe('successful');
      disk.fill();
      let id = 1n; // What the log has room for is still written.
      for (let end = 'successful'; end === 'successful'; id += 1n) {
        end = await toggle(rig, id + 1n);
        if (end !== 'successful') expect(end).toMatch(/^(failed|rejected) not-durable$/);
      }
      const movedCount = rig.transitionCount('GATE');
      expect(await toggle(rig, id + 1n)).toBe('rejected not-durable');
      expect(rig.transitionCount('GATE')).toBe(movedCount);
      await rig.say('notify/gpio.relay', 'ON');
      await rig.hear({ verb: 'ack', document: 'gpio.relay', status: 'successful' });
      expect(rig.wire('RELAY')).toBe('1');
      const poor = await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'degraded' });
      expect(poor.message.val).toMatchObject({ degrade_level: 1, why: [expect.stringContaining('store: full')] });
      expect(Number(fieldOf(fieldOf(poor.message.val, 'disk'), 'written_bytes_last_day'))).toBeGreaterThanOrEqual(0);

      rmSync(path.join(disk.folder, 'ballast'));
      const after = rig.listener.all.length;
      const isBack = (heard: Heard) => statusOf(heard) === 'online' && rig.listener.all.indexOf(heard) >= after;
      await rig.hear({ verb: 'health', test: isBack }, 30_000);
      expect(await toggle(rig, id + 1n)).toBe('successful');
      expect(rig.transitionCount('GATE')).toBe(movedCount + 1);
    });
  });
});
