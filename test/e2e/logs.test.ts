import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openRig, type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

vi.setConfig({ testTimeout: 60_000 }); // A process for each command.

describeWithMosquitto('qnctl logs', () => {
  it('prints what the node wrote, changes the level for a while, and finds a command by its trace', async () => {
    await using rig = await startRig({
      documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'],
      lines: ['GPIO17'],
    });
    const qnctl = (...args: readonly string[]) => runProgram('qnctl', args, { env: { QN_URL: rig.broker.url } });
    const changed = await qnctl('logs', 'pi-1', '--level', 'debug', '--for', '5m', '--json');
    expect([changed.code, changed.err]).toEqual([0, '']);
    expect(
      (await rig.hear({ verb: 'state', document: 'log', test: ({ message }) => 'until' in Object(message.val) }))
        .message.val,
    ).toMatchObject({ level: 'debug' });
    await rig.say(
      'notify/gpio.relay1',
      '{"id":"7","val":"perhaps","tr":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}',
    );
    await rig.hear({ verb: 'ack', status: 'rejected' });
    await rig.say(
      'notify/gpio.relay1',
      '{"id":"8","val":"ON","tr":"00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01"}',
    );
    await rig.hear({ verb: 'ack', status: 'successful', document: 'gpio.relay1' });
    const { code, out } = await qnctl('logs', 'pi-1', '--json');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(code).toBe(0);
    const common = {
      service: 'qn-agent',
      env: 'production',
      node: 'pi-1',
      lsn: expect.any(Number),
      span_id: 'b7ad6b7169203331',
    };
    expect(lines).toContainEqual(
      expect.objectContaining({
        ...common,
        event: 'command-successful',
        trace_id: '0af7651916cd43dd8448eb211c80319d',
        id: '8',
      }),
    );
    const text = await qnctl('logs', 'pi-1');
    expect(text.out).toMatch(/^\d{4}-\d\d-\d\dT\S+ debug command successful .*document=gpio\.relay1/m);
    const refused = await qnctl('logs', 'pi-1', '--level', 'loud');
    expect([refused.code, refused.err]).toEqual([
      1,
      expect.stringContaining('level is one of debug, info, warn, error'),
    ]);
    expect(await qnctl('logs', 'pi-9', '--timeout', '300ms')).toMatchObject({ code: 69 });
  });

  it('gives a stranger no line of his own, and no hold on the terminal', async () => {
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17, control: ["token:actuate"] }'];
    await using rig = await startRig({ documents, lines: ['GPIO17'] });
    const qnctl = (...args: readonly string[]) => runProgram('qnctl', args, { env: { QN_URL: rig.broker.url } });
    const src = 'me\u001b[2J\u009b2J\n2026-11-28T00:00:00.000Z info  all is well';
    await rig.say('notify/gpio.relay1', JSON.stringify({ id: '7', val: 'ON', src }));
    await rig.hear({ verb: 'ack', status: 'rejected' });
    const { out } = await qnctl('logs', 'pi-1');
    expect(out).toMatch(/ src="?me/);
    expect(out.split('\n').filter((line) => line.includes('all is well'))).toEqual([expect.stringContaining(' src=')]);
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    const ack = JSON.stringify({ t: 'ack', id: '8', st: 'failed', why: 'busy', detail: src });
    await rig.say('ack/gpio.relay1', ack, { retain: true });
    const shown = (await qnctl('watch', 'pi-1', '--for', '2s')).out;
    expect(shown).toContain('gpio.relay1 failed, busy: me');
    expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('tells only the lines behind the number that is asked for', async () => {
    await using rig = await startRig({ documents: [] });
    const ask = async (after: number) => {
      await rig.say('query/log', JSON.stringify({ reply: 'inbox', val: { after } }));
      return Object((await rig.hear({ topic: 'inbox' })).message.val);
    };
    await rig.say('notify/log', 'debug');
    await rig.hear({ verb: 'ack', status: 'successful', document: 'log' });
    const all = await ask(0);
    await rig.say('notify/log', 'info');
    await rig.hear({ verb: 'ack', status: 'successful', document: 'log' });
    const [later, whole] = [await ask(all.last), await ask(0)];
    expect([all.lines.length > 0, later.lines]).toEqual([true, whole.lines.slice(all.lines.length)]);
  });

  const relay = '  gpio.relay1: { driver: gpio-out, line: GPIO17';

  /** A rig writes `warn`. */
  async function startTalkative(): Promise<Rig> {
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17, priority: emergency }'];
    const rig = await openRig({ documents, lines: ['GPIO17'] });
    await change(rig, 'level: warn', 'level: info');
    await rig.start();
    return rig;
  }

  async function change({ configFile }: Rig, from: string, to: string): Promise<void> {
    await writeFile(configFile, (await readFile(configFile, 'utf8')).replace(from, to));
  }

  function written(rig: Rig, message: string) {
    const lines = rig.agent.out.split('\n').filter((line) => line.includes(`"message":"${message}"`));
    return lines.map((line) => JSON.parse(line));
  }

  it('says which connection of a board with emergency documents it is', async () => {
    await using rig = await startTalkative();
    await until(() => written(rig, 'connected to the broker').length === 2, 'both connections');
    expect(written(rig, 'connected to the broker')).toMatchObject([
      { clientId: 'pi-1' },
      { clientId: 'pi-1-emergency' },
    ]);
  });

  it('says which config runs from now on, and who wanted it', async () => {
    await using rig = await startTalkative();
    await change(rig, relay, `${relay}, max-on: 10m`);
    const socket = path.join(rig.folder, 'state', 'control.sock');
    expect((await runProgram('qnctl', ['reload', '--socket', socket])).code).toBe(0);
    const hash = expect.stringMatching(/^[0-9a-f]{64}$/);
    expect(written(rig, 'another config runs')).toMatchObject([
      { version: 1, author: 'local', origin: 'reload', hash },
    ]);
  });
});
