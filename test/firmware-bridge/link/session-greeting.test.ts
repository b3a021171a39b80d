import { describe, expect, it } from 'vitest';
import { linkWelcomesMax } from '../../../firmware-bridge/limits.ts';
import { encodeChannel, linkAbi } from '../../../firmware-bridge/link/bodies.ts';
import { linkType } from '../../../firmware-bridge/link/frame.ts';
import { framesOf, kindsOf, sentBy, sessionRig } from './session-rig.ts';

const relay = { number: 1, role: 'output', valueType: 'bool', name: 'relay1' } as const;
const flow = { number: 2, role: 'input', valueType: 'u32', name: 'flow' } as const;

describe('the greeting', () => {
  it('is RESET until somebody says HELLO', () => {
    const rig = sessionRig();
    expect(sentBy(rig.step({ kind: 'begin' }))).toEqual(['reset 7']);
    expect([rig.dueMs, sentBy(rig.tickWhenDue())]).toEqual([200, ['reset 7']]);
    expect([rig.dueMs, sentBy(rig.tickWhenDue())]).toEqual([400, ['reset 7']]);
    expect(rig.state.phase).toBe('seeking');
  });

  it('answers HELLO with WELCOME in a session of its own, byte for byte', () => {
    const rig = sessionRig();
    const [frame] = framesOf(rig.greet());
    // welcome · session 8 · abi 1.0 · nonce · watchdog 1 000 ms · bodies of 240
    expect(frame).toEqual({ type: 2, seq: 8, body: Uint8Array.of(1, 0, 0x12, 0x34, 0x03, 0xe8, 240) });
    expect(rig.state.phase).toBe('welcoming');
  });

  it('repeats WELCOME, and begins again when that helps nobody', () => {
    const rig = sessionRig();
    rig.greet();
    for (let count = 1; count < linkWelcomesMax; count += 1) expect(sentBy(rig.tickWhenDue())).toEqual(['welcome 8']);
    expect(sentBy(rig.tickWhenDue())).toEqual(['reset 8']);
  });

  it('takes a HELLO that was repeated before WELCOME arrived for the same session', () => {
    const rig = sessionRig();
    rig.greet();
    expect(sentBy(rig.greet())).toEqual(['welcome 8']);
    expect(sentBy(rig.greet({ nonce: 9 }))).toEqual(['welcome 9']);
    expect(rig.state.counters.sessions).toBe(2);
  });

  it('ends with the answer to WELCOME; PING goes out at once', () => {
    const rig = sessionRig();
    const effects = rig.rise();
    expect(rig.state.phase).toBe('up');
    expect(kindsOf(effects)).toEqual(['safe', 'up']);
    expect(sentBy(effects)).toEqual(['ping 8']);
  });

  it('is up only when all channels are told, each told as it comes', () => {
    const rig = sessionRig();
    expect(kindsOf(rig.rise({ channelsCount: 2 }))).toEqual(['safe']);
    expect(rig.state.phase).toBe('discovering');
    expect(rig.hear(linkType.channel, 0, ...encodeChannel(relay))).toContainEqual({ kind: 'channel', channel: relay });
    expect(rig.send(1, 5)).toEqual([{ kind: 'settle', ticket: 1, outcome: 'down' }]);
    const last = rig.hear(linkType.channel, 1, ...encodeChannel(flow));
    expect(last).toContainEqual(expect.objectContaining({ kind: 'up', channels: [relay, flow] }));
  });

  it('counts a channel nobody understands and goes on without it', () => {
    const rig = sessionRig();
    rig.rise({ channelsCount: 2 });
    rig.hear(linkType.channel, 0, 0, 1, 0x71, 0x61);
    rig.hear(linkType.channel, 1, ...encodeChannel(flow));
    expect([rig.state.phase, rig.state.channels, rig.state.counters.malformed]).toEqual(['up', [flow], 1]);
  });

  it('refuses another major version, says so once, and takes a later firmware', () => {
    const rig = sessionRig();
    rig.step({ kind: 'begin' });
    const refused = rig.greet({ abi: 0x0203 });
    expect(framesOf(refused)).toEqual([{ type: linkType.nak, seq: 0, body: Uint8Array.of(0, 22) }]);
    const detail = 'the firmware speaks link version 2.3, this agent 1.x';
    expect(refused).toContainEqual({ kind: 'down', reason: 'incompatible', detail });
    expect(kindsOf(rig.greet({ abi: 0x0203 }))).toEqual([]);
    expect([rig.state.phase, rig.dueMs]).toEqual(['refused', Number.POSITIVE_INFINITY]);
    expect(sentBy(rig.greet({ abi: linkAbi + 1 }))).toEqual(['welcome 8']);
  });

  it.each([
    ['64 channels', 64, 'welcoming'],
    ['65 channels', 65, 'refused'],
  ])('with %s ends %s', (_, channelsCount, phase) => {
    const rig = sessionRig();
    rig.greet({ channelsCount });
    expect(rig.state.phase).toBe(phase);
  });
});
