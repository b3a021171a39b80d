import { describe, expect, it } from 'vitest';
import { brokerProbeMissesMax, brokerProbeMs, brokerProbeTimeoutMs } from '../../../agent/limits.ts';
import { openBrokerProbe, type ProbeEvents } from '../../../agent/mqtt/broker-probe.ts';
import type { LinkError, LinkUp } from '../../../agent/mqtt/link.ts';
import type { MqttConnectionEvents, MqttSession } from '../../../agent/mqtt/mqtt-session.ts';
import { createFakeClock } from '../../support/fake-clock.ts';

const up: LinkUp = { broker: 'mqtt://b:1', protocolVersion: 5, receiveMaximum: 10 };
const gone: LinkError = { kind: 'closed', detail: 'gone' };
const rules = { probeMs: brokerProbeMs, probeTimeoutMs: brokerProbeTimeoutMs };

/** The far end of every session the probe begins, in the hands of the test. */
function open(more: Partial<ProbeEvents> = {}) {
  const clock = createFakeClock();
  const told: string[] = [];
  const dialled: MqttConnectionEvents[] = [];
  const pings: (() => void)[] = [];
  const dial = (events: MqttConnectionEvents): MqttSession => {
    dialled.push(events);
    const abort = (error: LinkError) => events.onEnd({ error, how: 'other' });
    const close = () => abort(gone);
    const ping = (heard: () => void) => void pings.push(heard);
    const unused = { publish() {}, leave() {}, hold() {}, release() {} };
    return { broker: up.broker, waitingFor: 'CONNACK', ...unused, ping, close, abort };
  };
  const events: ProbeEvents = {
    answered: (latencyMs) => told.push(`answered ${latencyMs ?? 'at all'}`),
    missed: ({ detail }) => told.push(`missed: ${detail}`),
    ended: ({ error }) => (told.push(`ended: ${error.detail}`), false),
    ...more,
  };
  const probe = openBrokerProbe({ clock, random: () => 0.5, dial }, rules, events);
  return { clock, told, dialled, pings, probe };
}

describe('a probe', () => {
  it('lets itself in once, at a moment of its own, and then only asks', async () => {
    const { clock, told, dialled, pings } = open();
    await clock.advance(brokerProbeMs / 2 - 1);
    expect(dialled).toHaveLength(0);
    await clock.advance(1);
    dialled[0]!.onUp(up);
    for (const latencyMs of [5, 6]) {
      await clock.advance(brokerProbeMs + latencyMs);
      pings.at(-1)!();
    }
    expect(told).toEqual(['answered at all', 'answered 5', 'answered 6']);
    expect(dialled).toHaveLength(1);
  });

  it('gives up on one that does not let it in within the deadline, and comes again', async () => {
    const { clock, told, dialled } = open();
    await clock.advance(brokerProbeMs / 2 + brokerProbeTimeoutMs);
    expect(told).toEqual([`ended: mqtt://b:1: no CONNACK within ${brokerProbeTimeoutMs} ms of asking how it is`]);
    await clock.advance(brokerProbeMs);
    expect(dialled).toHaveLength(2);
  });

  it('gives up a session that stays silent, which makes three misses with its end', async () => {
    const { clock, told, dialled } = open();
    await clock.advance(brokerProbeMs / 2);
    dialled[0]!.onUp(up);
    await clock.advance(brokerProbeMissesMax * (brokerProbeMs + brokerProbeTimeoutMs));
    expect(told.map((text) => text.split(':')[0])).toEqual(['answered at all', 'missed', 'missed', 'ended']);
  });

  it('asks in the other version at once', async () => {
    const { clock, dialled } = open({ ended: () => true });
    await clock.advance(brokerProbeMs / 2);
    dialled[0]!.onEnd({ error: gone, how: 'version-refused' });
    expect(dialled).toHaveLength(2);
  });

  it.each(['before anything', 'while it connects', 'while it is in'])('ends %s, and leaves nothing', async (when) => {
    const { clock, told, dialled, probe } = open();
    if (when !== 'before anything') await clock.advance(brokerProbeMs / 2);
    if (when === 'while it is in') dialled[0]!.onUp(up);
    const before = [...told];
    probe[Symbol.dispose]();
    await clock.advance(60_000);
    expect([told, clock.timersCount]).toEqual([before, 0]);
  });

  it.each(['answered', 'ended'] as const)('may be ended by who hears that it %s', async (what) => {
    const opened = open({
      answered: () => what === 'answered' && opened.probe[Symbol.dispose](),
      ended: () => (opened.probe[Symbol.dispose](), true),
    });
    await opened.clock.advance(brokerProbeMs / 2);
    if (what === 'answered') opened.dialled[0]!.onUp(up);
    else opened.dialled[0]!.onEnd({ error: gone, how: 'other' });
    await opened.clock.advance(60_000);
    expect([opened.dialled.length, opened.clock.timersCount]).toEqual([1, 0]);
  });
});
