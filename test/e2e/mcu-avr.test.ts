import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/agent-process.ts';
import { type AvrAgent, avrDocument as mcu, startAvrAgent } from '../support/avr-agent.ts';
import { type Heard, statusOf } from '../support/heard.ts';
import { hasMosquitto } from '../support/mosquitto.ts';
import { simavrMissing } from '../support/uno.ts';

const missing = simavrMissing ?? (hasMosquitto ? undefined : 'apt install mosquitto');
const patience = { timeout: 120_000 };

function hasEnded({ message }: Heard): boolean {
  return message.t === 'ack' && (message.st === 'successful' || message.st === 'failed');
}

async function switchOn({ rig, uno }: AvrAgent, channel: string, pin: string): Promise<void> {
  await rig.say(`notify/${mcu}.${channel}`, 'ON');
  await rig.hear({ verb: 'ack', document: `${mcu}.${channel}`, status: 'successful' });
  await uno.reaches(pin, '1');
}

describe.skipIf(missing !== undefined)(`an AVR as part of the board${missing ? ` (${missing})` : ''}`, patience, () => {
  it('is commanded over MQTT, each state of a command being told, and tells its inputs', async () => {
    await using avr = await startAvrAgent(', number: 100');
    const { rig, uno } = avr;
    await switchOn(avr, 'out2', 'D5');
    const acks = rig.listener.all.filter(({ verb, document }) => verb === 'ack' && document === `${mcu}.out2`);
    expect(acks.map(({ message }) => message.t === 'ack' && message.st)).toEqual([
      'accepted',
      'executing',
      'successful',
    ]);
    await rig.hear({ verb: 'state', document: `${mcu}.out2`, value: true });
    uno.command('D9 0');
    await rig.hear({ verb: 'state', document: `${mcu}.in2`, value: true });
    await rig.hear({ verb: 'event', document: `${mcu}.in2`, value: true });
    uno.command('A0 2500');
    const test = ({ message: { val } }: { message: { val?: unknown } }) => Math.abs(Number(val) - 2.5) < 0.03;
    await rig.hear({ verb: 'state', document: `${mcu}.volts`, test });
    const told = rig.listener.all.findLast(({ verb, document }) => verb === 'state' && document === 'channels');
    expect(told?.message.val).toMatchObject({ 100: mcu, 102: `${mcu}.out2`, 108: `${mcu}.emergency-stop` });
  });

  it('kill -9 of the agent: its outputs are safe within the watchdog time, by themselves', async () => {
    await using avr = await startAvrAgent(', watchdog: 500ms');
    const { rig, uno } = avr;
    await switchOn(avr, 'out1', 'D4');
    await rig.agent.end('SIGKILL');
    const deadMs = await uno.unoMs();
    await uno.reaches('D4', '0');
    const tookMs = (uno.changes.findLast(({ pin }) => pin === 'D4 0')?.unoMs ?? Infinity) - deadMs;
    console.log(`outputs safe ${Math.round(tookMs)} ms of the Uno after the agent was dead, watchdog 500 ms`);
    expect(tookMs).toBeLessThan(500 + 20); // A last PING may still have been in the pty.
    await rig.start();
    await avr.hearLink('up', 15_000);
    await rig.hear({ verb: 'state', document: `${mcu}.out1`, value: false });
    await switchOn(avr, 'out1', 'D4');
  });

  it('a reset in mid-frame: the link is back within a second, and the state told again', async () => {
    await using avr = await startAvrAgent('');
    const { rig, uno } = avr;
    await switchOn(avr, 'out3', 'D6');
    await rig.hear({ verb: 'state', document: `${mcu}.out3`, value: true });
    for (const channel of ['out1', 'out2', 'out4']) void rig.say(`notify/${mcu}.${channel}`, 'ON');
    const resetMs = await uno.unoMs(); // Its clock: this computer may stand still meanwhile, and then so does the Uno.
    uno.command('reset'); // Some of it is on the wire.
    await avr.hearLink('down');
    await avr.hearLink('up');
    await rig.hear({ verb: 'state', document: `${mcu}.out3`, value: false });
    const tookMs = (await uno.unoMs()) - resetMs;
    console.log(`link back and state told over MQTT ${Math.round(tookMs)} ms of the Uno after the reset`);
    expect(tookMs).toBeLessThan(1_000);
    for (const channel of ['out1', 'out2', 'out4']) {
      await rig.hear({ verb: 'ack', document: `${mcu}.${channel}`, test: hasEnded });
    }
    await switchOn(avr, 'out4', 'D7');
  });

  it('the emergency stop at the machine acts first, and is told; health says safe until it is released', async () => {
    await using avr = await startAvrAgent('');
    const { rig, uno } = avr;
    await switchOn(avr, 'out1', 'D4');
    uno.command('D2 1');
    await uno.reaches('D4', '0');
    await rig.hear({ verb: 'event', document: `${mcu}.emergency-stop`, value: true });
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'safe' });
    await rig.say(`notify/${mcu}.out1`, 'ON');
    const refused = await rig.hear({ verb: 'ack', document: `${mcu}.out1`, status: 'failed' });
    expect(refused.message.why).toBe('interlocked');
    uno.command('D2 0');
    await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' });
    await switchOn(avr, 'out1', 'D4');
  });

  it('qnctl mcu lists it, says what it is, resets it and follows its log', async () => {
    await using avr = await startAvrAgent('');
    const { rig, uno } = avr;
    const env = { QN_URL: rig.broker.url };
    const list = await runProgram('qnctl', ['mcu', 'list'], { env });
    expect([list.code, list.out]).toEqual([0, `pi-1  ${mcu}  link up  firmware 1.0.0  safe none\n`]);
    const info = await runProgram('qnctl', ['mcu', 'info', 'pi-1', '--json'], { env });
    expect(JSON.parse(info.out)).toMatchObject({ document: mcu, link: 'up', channels: 8, state: 'working' });
    await switchOn(avr, 'out1', 'D4');
    const log = runProgram('qnctl', ['mcu', 'log', 'pi-1', '--for', '3s'], { env });
    const reset = await runProgram('qnctl', ['mcu', 'reset', 'pi-1', mcu], { env });
    expect([reset.code, reset.out]).toEqual([0, expect.stringContaining('successful')]);
    await uno.reaches('D4', '0');
    expect((await log).code).toBe(0);
    const boot = await runProgram('qnctl', ['mcu', 'reset', 'pi-1', '--boot'], { env });
    expect([boot.code, boot.out]).toEqual([1, expect.stringContaining('no boot line is configured')]);
    const stranger = await runProgram('qnctl', ['mcu', 'info', 'pi-1', 'firmware.mcu7'], { env });
    expect([stranger.code, stranger.err]).toEqual([64, expect.stringContaining(`it has ${mcu}`)]);
  });
});
