import { expect, it, vi } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { startRig } from '../support/rig.ts';

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
});
