import { describe, expect, it } from 'vitest';
import { linkTriesMax, linkWaitingCountMax } from '../../../firmware-bridge/limits.ts';
import { encodeFrame, linkType } from '../../../firmware-bridge/link/frame.ts';
import { framesOf, kindsOf, sentBy, sessionRig, settledBy } from './session-rig.ts';

describe('sending', () => {
  it('has four under way and the next one when an acknowledgement came', () => {
    const rig = sessionRig();
    rig.rise();
    const sent = [1, 2, 3, 4, 5].flatMap((ticket) => sentBy(rig.send(ticket, ticket)));
    expect(sent).toEqual(['data 0', 'data 1', 'data 2', 'data 3']);
    const effects = rig.say(linkType.ack, 1, 4);
    expect(settledBy(effects)).toEqual(['1 acknowledged', '2 acknowledged']);
    expect(sentBy(effects)).toEqual(['data 4']);
  });

  it('keeps to a smaller window of the other side, and reads 0 as 1', () => {
    const rig = sessionRig();
    rig.rise();
    rig.say(linkType.ack, 255, 0);
    expect([1, 2].flatMap((ticket) => sentBy(rig.send(ticket, 0)))).toEqual(['data 0']);
  });

  it('resends after 200 ms while no round trip is known, doubling, and says down after the fifth try', () => {
    const rig = sessionRig();
    rig.rise();
    rig.send(1, 0xaa);
    const times: number[] = [];
    for (let left = 200; left > 0 && rig.state.phase === 'up'; left -= 1) {
      const effects = rig.tickWhenDue();
      if (sentBy(effects).includes('data 0')) times.push(rig.nowMs);
      rig.pong();
      if (rig.state.phase !== 'up') {
        const detail = `the microcontroller acknowledged nothing in ${linkTriesMax} tries`;
        expect(effects).toContainEqual({ kind: 'down', reason: 'no-ack', detail });
        expect(effects).toContainEqual({ kind: 'settle', ticket: 1, outcome: 'down' });
        expect(sentBy(effects)).toEqual(['reset 8']);
      }
    }
    expect(times).toEqual([200, 600, 1_400, 2_400]);
    expect([rig.state.phase, rig.nowMs]).toEqual(['seeking', 3_400]);
  });

  it('resends after 3 × the smoothed round trip, not before 20 ms', () => {
    const rig = sessionRig();
    rig.rise();
    rig.send(1, 0);
    rig.nowMs = 40;
    rig.say(linkType.ack, 0, 4);
    rig.send(2, 0);
    expect(rig.dueMs).toBe(40 + 3 * 40);
    for (let ticket = 3; ticket < 60; ticket += 1) {
      rig.say(linkType.ack, (ticket - 2) & 0xff, 4);
      rig.send(ticket, 0);
    }
    expect(rig.dueMs).toBe(40 + 20);
  });

  it('measures no round trip of what was sent twice: nobody knows which one was answered', () => {
    const rig = sessionRig();
    rig.rise();
    rig.send(1, 1);
    rig.tickWhenDue();
    const { roundTrip } = rig.state.numbered.sender;
    rig.nowMs += 3;
    rig.say(linkType.ack, 0, 4);
    expect(rig.state.numbered.sender).toMatchObject({ unacknowledged: [], roundTrip });
  });

  it('goes back at once to what the other side misses', () => {
    const rig = sessionRig();
    rig.rise();
    for (const ticket of [1, 2, 3]) rig.send(ticket, ticket);
    const effects = rig.say(linkType.nak, 1, 19);
    expect(effects).toContainEqual({ kind: 'settle', ticket: 1, outcome: 'acknowledged' });
    expect(sentBy(effects)).toEqual(['data 1', 'data 2']);
    expect(sentBy(rig.say(linkType.nak, 77, 19))).toEqual([]);
  });

  it('believes no acknowledgement of another session, nor of what is not under way', () => {
    const rig = sessionRig();
    rig.rise();
    rig.send(1, 0);
    expect(rig.hear(linkType.ack, 7, 0, 4)).toEqual([]);
    expect(rig.say(linkType.ack, 200, 4)).toEqual([]);
    expect(rig.state.counters.stale).toBe(1);
  });

  it('refuses too long a body, and the one beyond what may wait', () => {
    const rig = sessionRig();
    rig.rise();
    expect(kindsOf(rig.send(1, ...new Uint8Array(64)))).toEqual([]);
    expect(rig.send(2, ...new Uint8Array(65))).toEqual([{ kind: 'settle', ticket: 2, outcome: 'too-large' }]);
    for (let count = 1; count < 4 + linkWaitingCountMax; count += 1) expect(kindsOf(rig.send(3, 0))).toEqual([]);
    expect(rig.send(9, 0)).toEqual([{ kind: 'settle', ticket: 9, outcome: 'busy' }]);
  });

  it('ends with down for everything under way or waiting when the microcontroller starts anew', () => {
    const rig = sessionRig();
    rig.rise();
    for (let ticket = 1; ticket <= 6; ticket += 1) rig.send(ticket, 0);
    const effects = rig.greet({ nonce: 5, safe: 'watchdog' });
    expect(settledBy(effects)).toEqual([1, 2, 3, 4, 5, 6].map((ticket) => `${ticket} down`));
    expect(effects).toContainEqual(expect.objectContaining({ kind: 'down', reason: 'restarted' }));
    expect(effects).toContainEqual({ kind: 'safe', reason: 'watchdog' });
    expect(sentBy(effects)).toEqual(['welcome 9']);
  });
});

describe('receiving', () => {
  it('delivers each frame once and in order, and answers all of them', () => {
    const rig = sessionRig();
    rig.rise();
    const first = rig.hear(linkType.data, 0, 1);
    expect(kindsOf(first)).toEqual(['deliver']);
    expect(framesOf(first).map(encodeFrame)).toEqual([encodeFrame({ type: 5, seq: 8, body: Uint8Array.of(0, 4) })]);
    expect(kindsOf(rig.hear(linkType.data, 0, 1))).toEqual([]);
    expect(framesOf(rig.hear(linkType.data, 2, 3))).toEqual([{ type: 6, seq: 8, body: Uint8Array.of(1, 19) }]);
    expect(sentBy(rig.hear(linkType.data, 3, 4))).toEqual([]);
    expect(kindsOf(rig.hear(linkType.data, 1, 2))).toEqual(['deliver']);
    expect(rig.state.counters).toMatchObject({ delivered: 2, duplicates: 1, gaps: 2 });
  });

  it('drops a compact message that noise shortened, and takes it when it is sent again (QN-8.5b)', () => {
    const rig = sessionRig();
    rig.rise();
    expect(rig.hear(linkType.data, 0, 0x51, ...new Uint8Array(15))).toEqual([]);
    expect(rig.state.counters.malformed).toBe(1);
    expect(kindsOf(rig.hear(linkType.data, 0, 0x51, ...new Uint8Array(16)))).toEqual(['deliver']);
  });

  it('goes on beyond 256 frames', () => {
    const rig = sessionRig();
    rig.rise();
    for (let seq = 0; seq < 600; seq += 1) expect(kindsOf(rig.hear(linkType.data, seq & 0xff))).toEqual(['deliver']);
  });

  it.each([['data' as const], ['ack' as const], ['pong' as const], ['log' as const]])(
    'takes no %s before there is a session',
    (type) => {
      const rig = sessionRig();
      rig.step({ kind: 'begin' });
      expect(rig.hear(linkType[type], 7, 0, 0, 0, 0, 0)).toEqual([]);
      expect(rig.state.counters.stale).toBe(1);
    },
  );

  it.each([0, 2, 7, 11, 12, 255])('counts a frame of type %i as malformed', (type) => {
    const rig = sessionRig();
    rig.rise();
    expect(rig.say(type, 0)).toEqual([]);
    expect(rig.state.counters.malformed).toBe(1);
  });

  it('passes a LOG on as printable text', () => {
    const rig = sessionRig();
    rig.rise();
    expect(rig.say(linkType.log, 2, 0x68, 0x69, 0x1b)).toEqual([{ kind: 'log', level: 2, text: 'hi?' }]);
  });
});

describe('the watch', () => {
  it('sends PING four times in the watchdog time, and is down when nothing is heard for all of it', () => {
    const rig = sessionRig();
    rig.rise();
    for (const atMs of [250, 500, 750]) expect([sentBy(rig.tickWhenDue()), rig.nowMs]).toEqual([['ping 8'], atMs]);
    const effects = rig.tickWhenDue();
    const detail = 'the microcontroller answered no PING for 1000 ms';
    expect(effects).toContainEqual({ kind: 'down', reason: 'silent', detail });
    expect([rig.nowMs, rig.state.phase]).toEqual([1_000, 'seeking']);
  });

  it('measures the round trip of PING', () => {
    const rig = sessionRig();
    rig.rise();
    rig.nowMs = 12.5;
    rig.pong(0);
    expect(rig.state.pingMs).toBe(12);
    expect(rig.dueMs).toBe(250);
  });
});

describe('the safe state', () => {
  it('is asked for at once, and again with each PING until it is reached', () => {
    const rig = sessionRig();
    rig.rise();
    expect(framesOf(rig.step({ kind: 'safe', isWanted: true }))).toEqual([
      { type: linkType.safe, seq: 8, body: Uint8Array.of(3) },
    ]);
    expect(sentBy(rig.tickWhenDue())).toEqual(['ping 8', 'safe 8']);
    expect(rig.say(linkType.safe, 3)).toEqual([{ kind: 'safe', reason: 'asked' }]);
    expect(sentBy(rig.tickWhenDue())).toEqual(['ping 8']);
  });

  it('is asked for again after a restart, and lifted only by us', () => {
    const rig = sessionRig();
    rig.rise();
    rig.step({ kind: 'safe', isWanted: true });
    rig.greet({ nonce: 5 });
    expect(sentBy(rig.say(linkType.ack, 255, 4))).toEqual(['ping 9', 'safe 9']);
    rig.say(linkType.safe, 3);
    expect(framesOf(rig.step({ kind: 'safe', isWanted: false }))[0]?.body).toEqual(Uint8Array.of(0));
  });

  it('is known from PONG when SAFE was lost', () => {
    const rig = sessionRig();
    rig.rise();
    expect(rig.say(linkType.pong, 0, 0, 0, 0, 4)).toEqual([{ kind: 'safe', reason: 'local' }]);
    expect(rig.say(linkType.pong, 0, 0, 0, 0, 4)).toEqual([]);
  });
});
