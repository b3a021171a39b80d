import { describe, expect, it } from 'vitest';
import {
  httpClientLeaseMs,
  httpClientsMax,
  httpStreamPingMs,
  httpStreamStallMsMax,
  httpTopicsMax,
} from '../../../agent/limits.ts';
import { LocalClients, type LocalStream } from '../../../agent/observe/local-clients.ts';
import type { Message } from '../../../agent/qn/message.ts';
import { openVoiceRig } from '../../support/voice-rig.ts';

/** A reader in memory, that takes what it is sent until it is told to be slow. */
function createReader() {
  const sent: string[] = [];
  const reader = { sent, isSlow: false, isClosed: false, pingsCount: 0 };
  return Object.assign(reader, {
    stream: {
      send(event: string, document: string, { ver, val }: Message) {
        sent.push(`${event} ${document} ${ver ?? '-'} ${JSON.stringify(val)}`);
        return !reader.isSlow;
      },
      sendGap(count: number) {
        sent.push(`gap ${count}`);
        return !reader.isSlow;
      },
      ping() {
        reader.pingsCount += 1;
      },
      close() {
        reader.isClosed = true;
      },
    } satisfies LocalStream,
  });
}

function open() {
  const rig = openVoiceRig();
  const clients = new LocalClients({ clock: rig.clock, states: rig.states });
  rig.states.onChange((document) => clients.changed(document));
  rig.change(1);
  return { ...rig, clients, reader: createReader() };
}

const event = (val: number) => ({ t: 'event', val }) as const;

describe('a local application', () => {
  it('gets the snapshot, then what changed, and events of its documents only', () => {
    const { clients, reader, change } = open();
    expect(clients.subscribe('me', 'meter')).toMatchObject({ ok: true, value: { ver: 1, val: 1 } });
    clients.open('me', reader.stream);
    change(2);
    change(9, 'other');
    clients.happened('meter', event(5));
    clients.happened('other', event(6));
    expect(reader.sent).toEqual(['snapshot meter 1 1', 'delta meter 2 2', 'event meter - 5']);
  });

  it('is told by a snapshot what no patch can say', () => {
    const { clients, reader, change } = open();
    clients.subscribe('me', 'meter');
    clients.open('me', reader.stream);
    change({ a: null });
    expect(reader.sent.at(-1)).toBe('snapshot meter 2 {"a":null}');
  });

  it('that is slow gets one snapshot for all it missed, and how many events are lost; both are counted', () => {
    const { clients, reader, change } = open();
    clients.subscribe('me', 'meter');
    clients.open('me', reader.stream);
    reader.isSlow = true;
    for (let value = 2; value < 500; value += 1) change(value);
    for (let count = 0; count < 7; count += 1) clients.happened('meter', event(count));
    expect(reader.sent).toEqual(['snapshot meter 1 1', 'delta meter 2 2']);
    reader.isSlow = false;
    clients.drained('me', reader.stream);
    expect(reader.sent.slice(2)).toEqual(['gap 7', 'snapshot meter 499 499']);
    expect(clients.stats()).toEqual({ clients: 1, streams: 1, slow: 1, eventsLost: 7 });
  });

  it('that takes nothing for too long loses its stream and keeps its subscriptions', async () => {
    const { clients, reader, change, clock } = open();
    clients.subscribe('me', 'meter');
    clients.open('me', reader.stream);
    reader.isSlow = true;
    change(2);
    await clock.advance(httpStreamStallMsMax - 1);
    expect(reader.isClosed).toBe(false);
    await clock.advance(1);
    expect(reader.isClosed).toBe(true);
    const again = createReader();
    clients.open('me', again.stream);
    expect(again.sent).toEqual(['snapshot meter 2 2']);
  });

  it('that opens a second stream ends the first, whose end changes nothing any more', () => {
    const { clients, reader, change } = open();
    clients.subscribe('me', 'meter');
    clients.open('me', reader.stream);
    const second = createReader();
    clients.open('me', second.stream);
    expect(reader.isClosed).toBe(true);
    clients.closed('me', reader.stream);
    change(2);
    expect(second.sent.at(-1)).toBe('delta meter 2 2');
  });

  it('is forgotten after its lease, unless its stream is open', async () => {
    const { clients, reader, clock } = open();
    clients.subscribe('me', 'meter');
    clients.subscribe('idle', 'meter');
    clients.open('me', reader.stream);
    await clock.advance(httpClientLeaseMs - 1);
    expect(clients.stats().clients).toBe(2);
    await clock.advance(1);
    expect([clients.isKnown('idle'), clients.isKnown('me')]).toEqual([false, true]);
    expect(reader.pingsCount).toBe(httpClientLeaseMs / httpStreamPingMs);
    clients.closed('me', reader.stream);
    await clock.advance(httpClientLeaseMs);
    expect(clients.stats().clients).toBe(0);
  });

  it('that unsubscribes is told nothing more; without a topic it is forgotten', () => {
    const { clients, reader, change } = open();
    clients.subscribe('me', 'meter');
    clients.open('me', reader.stream);
    expect(clients.unsubscribe('me', 'meter')).toBe(true);
    change(2);
    expect(reader.sent).toHaveLength(1);
    expect(clients.unsubscribe('me')).toBe(true);
    expect(reader.isClosed).toBe(true);
    expect(clients.unsubscribe('me')).toBe(false);
  });

  it('cannot subscribe to what has no value', () => {
    expect(open().clients.subscribe('me', 'nothing')).toEqual({ ok: false, error: 'no-value' });
  });

  it('leaves nothing behind when all are disposed of', async () => {
    const { clients, reader, clock } = open();
    await clock.advance(0);
    const before = clock.timersCount;
    clients.subscribe('me', 'meter');
    clients.open('me', reader.stream);
    clients[Symbol.dispose]();
    expect([reader.isClosed, clock.timersCount]).toEqual([true, before]);
  });
});

describe('the number', () => {
  it('of local applications is bounded, and a known one may always come back', () => {
    const { clients } = open();
    for (let count = 0; count < httpClientsMax; count += 1) {
      expect(clients.subscribe(`c${count}`, 'meter').ok).toBe(true);
    }
    expect(clients.subscribe('more', 'meter')).toEqual({ ok: false, error: 'too-many-clients' });
    expect(clients.subscribe('c0', 'meter').ok).toBe(true);
  });

  it('of topics of one of them is bounded', () => {
    const { clients, change } = open();
    for (let count = 0; count <= httpTopicsMax; count += 1) change(1, `d${count}`);
    for (let count = 0; count < httpTopicsMax; count += 1) expect(clients.subscribe('me', `d${count}`).ok).toBe(true);
    expect(clients.subscribe('me', `d${httpTopicsMax}`)).toEqual({ ok: false, error: 'too-many-topics' });
    expect(clients.subscribe('me', 'd0').ok).toBe(true);
  });
});
