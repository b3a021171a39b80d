import { afterEach, expect, it, vi } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig | undefined;
afterEach(() => rig?.[Symbol.asyncDispose]());

async function start(): Promise<Rig> {
  const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
  rig = await startRig({ documents, lines: ['GPIO17', 'GPIO22', 'GPIO27'] });
  return rig;
}

const selftest = ({ broker }: Rig, ...args: readonly string[]) =>
  runProgram('qnctl', ['selftest', 'pi-1', '--url', broker.url, ...args]);

describeWithMosquitto('qnctl selftest', () => {
  vi.setConfig({ testTimeout: 120_000 });

  it('--mode full: everything, beside the work of the agent, whose outputs stay as they are', async () => {
    const board = await start();
    await board.say('notify/gpio.relay1', 'ON');
    await board.hear({ verb: 'ack', document: 'gpio.relay1', status: 'successful' });
    const before = board.transitionCount('GPIO17');
    const { code, out } = await selftest(board, '--mode', 'full', '--json');
    const { val } = JSON.parse(out);
    const rows: readonly { id: string; status: string; detail: string }[] = val.tests;
    const statusOf = (id: string) => rows.find((row) => row.id === id)?.status;
    const passed = [
      'cpu.sha256',
      'pool.leak',
      'code.files',
      'store.integrity',
      'driver.gpio.relay1',
      'mqtt.roundtrip',
      'mqtt.reconnect',
    ];
    expect(passed.map((id) => `${id} ${statusOf(id)}`)).toEqual(passed.map((id) => `${id} pass`));
    expect([code, val.mode, rows.length >= 17, val.max_latency_us > 0]).toEqual([0, 'full', true, true]);
    expect([board.wire('GPIO17'), board.transitionCount('GPIO17')]).toEqual(['1', before]);
    expect(board.agent.err).toBe('');
  });

  it('toggles lines only when it is asked to, and never one of a document', async () => {
    const board = await start();
    const { out } = await selftest(board, '--loopback', '22:27');
    expect(out).toMatch(/^FAIL gpio\.loopback .*GPIO27|^FAIL gpio\.loopback .*other line reads 0/m);
    expect(board.transitionCount('GPIO22')).toBeGreaterThan(0);
    const before = board.transitionCount('GPIO17');
    expect((await selftest(board, '--loopback', '17:27')).out).toMatch(/^FAIL gpio\.loopback .*held by qn-agent/m);
    expect(board.transitionCount('GPIO17')).toBe(before);
  });

  it('waits for a node that is not there as long as it is told to', async () => {
    const { broker } = await start();
    const ended = await runProgram('qnctl', ['selftest', 'pi-9', '--url', broker.url, '--timeout', '700ms']);
    const why = 'qnctl selftest: no report of pi-9 within 700 ms; is it online? qnctl health pi-9\n';
    expect(ended).toMatchObject({ code: 69, out: '', err: why });
  });

  it('has its report where only the last ack of a command is told', async () => {
    const documents = ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'];
    rig = await startRig({ documents, lines: ['GPIO17'], mqtt: ['acks: final'] });
    expect(await selftest(rig)).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^PASS: /m),
    });
  });

  it('is typed with a mode that there is, and a node that answers', async () => {
    const board = await start();
    expect(await selftest(board, '--mode', 'slow')).toMatchObject({ code: 64 });
    expect(await selftest(board, '--loopback', '17')).toMatchObject({
      code: 1,
      err: expect.stringContaining('rejected'),
    });
  });
});
