import { describe, expect, it } from 'vitest';
import * as health from '../../agent/health/limits.ts';
import * as limits from '../../agent/limits.ts';
import { storeLimits } from '../../agent/store/limits.ts';
import { trustedKeysMax } from '../../agent/trust/limits.ts';
import { earlyLinkMsMax } from '../../agent/uplink-limits.ts';

const { poolProfiles } = limits;

describe('the limits', () => {
  it('are all positive', () => {
    for (const [name, value] of Object.entries(limits)) {
      if (typeof value === 'number') expect(value, name).toBeGreaterThan(0);
    }
  });

  it('of the store fit one another', () => {
    for (const [name, value] of Object.entries(storeLimits)) expect(value, name).toBeGreaterThan(0);
    const { outboxBytesMax, journalBytesMax, fileBytesMax } = storeLimits;
    expect(outboxBytesMax + journalBytesMax).toBeLessThan(fileBytesMax / 2);
    expect(storeLimits.batchCountMax).toBeLessThan(storeLimits.pendingCountMax);
    expect(storeLimits.batchBytesMax).toBeLessThan(storeLimits.pendingBytesMax);
    expect(storeLimits.probeMsMin).toBeLessThan(storeLimits.probeMsMax);
    expect(storeLimits.openMsMax).toBeLessThan(storeLimits.answerMsMax);
    expect(storeLimits.outboxReadBytesMax).toBeGreaterThan(limits.messageBytesMax);
  });

  it.each([
    ['documentNameBytesMax', 'topicBytesMax'],
    ['reconnectDelayMsMin', 'reconnectDelayMsMax'],
    ['connectTimeoutMs', 'reconnectDelayMsMax'],
    ['serialInterByteMsDefault', 'serialWriteTimeoutMsMin'],
    ['documentQueueCountMax', 'recentCommandsCount'],
    ['watchLeaseMsMin', 'watchLeaseMsDefault'],
    ['watchLeaseMsDefault', 'watchLeaseMsMax'],
    ['watchIntervalMsMin', 'watchLeaseMsMin'],
    ['queriesUnderWayMax', 'sendWindowCount'],
    ['sendDoubtAttempts', 'sendAttemptsMax'],
    ['sendAttemptsMax', 'twinHangUpsMax'],
    ['documentsMax', 'copiesMax'],
    ['httpClientsMax', 'httpConnectionsMax'],
    ['httpStreamPingMs', 'httpStreamStallMsMax'],
    ['httpStreamPingMs', 'httpClientLeaseMs'],
    ['brokerProbeTimeoutMs', 'brokerProbeMs'],
    ['brokerProbeTimeoutMs', 'connectTimeoutMs'],
    ['reconnectDelayMsMax', 'twinDelayMsMin'],
    ['reconnectDelayMsMax', 'twinHangUpAgeMsMax'],
    ['twinDelayMsMax', 'twinWindowMs'],
  ] as const)('keep %s below %s', (lower, upper) => {
    expect(limits[lower]).toBeLessThan(limits[upper]);
  });

  it('let a document name of the most segments be said', () => {
    expect(limits.documentNameBytesMax).toBeGreaterThanOrEqual(limits.documentSegmentsMax * 2 - 1);
  });

  it('let a body over HTTP be no larger than a message', () => {
    expect(limits.httpBodyBytesMax).toBeLessThanOrEqual(limits.messageBytesMax);
  });

  it('find a broker that fell silent before its keepalive would', () => {
    const { brokerProbeMs, brokerProbeJitterRatio, brokerProbeTimeoutMs, brokerProbeMissesMax } = limits;
    const foundMs = brokerProbeMissesMax * (brokerProbeMs * (1 + brokerProbeJitterRatio) + brokerProbeTimeoutMs);
    expect(foundMs).toBeLessThan(1.5 * limits.keepaliveSeconds * 1_000);
  });

  it('leave a broker that is not listened to before it seems to be silent', () => {
    const { brokerProbeMs, brokerProbeJitterRatio, brokerProbeTimeoutMs, keepaliveSecondsMin } = limits;
    expect(earlyLinkMsMax).toBeLessThan(brokerProbeMs * (1 - brokerProbeJitterRatio) + brokerProbeTimeoutMs);
    expect(earlyLinkMsMax).toBeLessThan(limits.connectTimeoutMs);
    expect(earlyLinkMsMax).toBeLessThan(1.5 * keepaliveSecondsMin * 1_000);
  });

  it('fail over within two seconds of a broker known to be dead, one dead broker on the way included', () => {
    expect(2 * limits.failoverSpreadMs).toBeLessThanOrEqual(1_000);
  });

  it('go back to a better broker only when it answered many times', () => {
    expect(limits.brokerStableMs).toBeGreaterThanOrEqual(10 * limits.brokerProbeMs);
    expect(limits.brokerBetterFactor).toBeGreaterThan(1);
  });

  it('notice a dead connection before health is due again', () => {
    expect(limits.keepaliveSeconds * 1_000).toBeLessThan(limits.healthIntervalMsDefault);
  });
});

describe.each(Object.entries(poolProfiles))('the pool profile %s', (_, profile) => {
  it('holds the largest message it promises, within the largest there is', () => {
    expect(profile.small.payloadBytes).toBeLessThan(profile.large.payloadBytes);
    expect(profile.large.payloadBytes).toBeLessThanOrEqual(limits.messageBytesMax);
  });

  it('gives everybody something of both sizes', () => {
    for (const { quota } of [profile.small, profile.large]) {
      for (const [holder, count] of Object.entries(quota)) expect(count, holder).toBeGreaterThan(0);
    }
  });

  it('is within the size of a pool, overhead included', () => {
    const slots = limits.poolSlots(profile.small.quota) + limits.poolSlots(profile.large.quota);
    const payload =
      limits.poolSlots(profile.small.quota) * profile.small.payloadBytes +
      limits.poolSlots(profile.large.quota) * profile.large.payloadBytes;
    expect(limits.poolBytes(profile)).toBe(payload + slots * limits.slotOverheadBytes);
    expect(limits.poolBytes(profile)).toBeLessThanOrEqual(limits.poolBytesMax);
  });
});

it('the standard pool takes every message, and fills the send window', () => {
  const { small, large } = poolProfiles.standard;
  expect(large.payloadBytes).toBe(limits.messageBytesMax);
  expect(small.quota.outbox + large.quota.outbox).toBeGreaterThanOrEqual(limits.sendWindowCount);
  expect(small.quota.inbound).toBeGreaterThanOrEqual(limits.dispatchTurnMessagesMax);
});

it('the tiny pool is at most 48 KiB and still fills the send window', () => {
  expect(limits.poolBytes(poolProfiles.tiny)).toBeLessThanOrEqual(48 * 1_024);
  expect(poolProfiles.tiny.small.quota.outbox).toBeGreaterThanOrEqual(limits.sendWindowCount);
});

it('a board that spares itself does so in steps, and what it keeps of events fits into the store', () => {
  const { 1: one, 2: two, 3: three } = health.loadShareMin;
  expect(0 < one && one < two && two < three && three <= 1).toBe(true);
  expect(health.loadLateMsMin[1]).toBeLessThan(health.loadLateMsMin[2]);
  expect(health.loadKeepRatio).toBeLessThan(1);
  expect(three * health.loadKeepRatio).toBeGreaterThan(two); // Level 3 is left before level 2 begins.
  expect(health.loadCalmMs).toBeGreaterThan(health.loadLookMs);
  expect(health.keptEventBytesMax).toBeLessThanOrEqual(storeLimits.valueBytesMax);
  const namesOfDecades = 40 * trustedKeysMax; // Others keep values as well.
  expect(health.keptEventsCount + namesOfDecades).toBeLessThanOrEqual(storeLimits.valuesCountMax);
});
