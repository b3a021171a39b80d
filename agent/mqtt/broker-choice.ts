import { assert } from '../assert.ts';
import { brokerBetterFactor, brokersMax, stableConnectionMs } from '../limits.ts';
import { type BrokerEndpoint, formatBroker } from './broker-endpoint.ts';
import {
  afterAnswer,
  afterDeath,
  afterMiss,
  type BrokerHealth,
  isUsable,
  scoreOf,
  untriedHealth,
} from './broker-health.ts';
import type { BrokerReport, LinkError } from './link.ts';
import { createVersionMemory, type VersionMemory } from './version-memory.ts';

export interface Target {
  readonly endpoint: BrokerEndpoint;
  readonly protocolVersion: 4 | 5;
}

export interface BrokerRules {
  /** How long another broker must have been better, without a break. */
  readonly stableMs: number;
}

/**
 * Which broker to use, by weight × score. It decides and does nothing: it is told how every attempt on `target` went,
 * and how the brokers answer that are asked meanwhile. A broker is known by its endpoint object.
 */
export interface BrokerChoice {
  /** Where to connect next, or where the connection is. */
  readonly target: Target;
  /** Those to ask while `target` is in use. */
  readonly others: readonly Target[];
  cameUp(): void;
  /** CONNACK refused the version (true), or there was no CONNACK (false). True: ask it in the other one at once. */
  refusedVersion(broker: BrokerEndpoint, wasSaid: boolean): boolean;
  /**
   * It broke after `upMs`, or (0) could not be made. True when `target` is another one now, that is well and was not
   * tried since a connection held or all of them failed.
   */
  died(error: LinkError, upMs: number): boolean;
  /** It ended, and the broker is not to blame: `target` stays. */
  ended(error: LinkError): void;
  /** Absent `latencyMs`: it answered, after more than a round trip. */
  answered(broker: BrokerEndpoint, latencyMs?: number): void;
  missed(broker: BrokerEndpoint, error: LinkError): void;
  /** Another one is better, and was for long enough. */
  isMoveDue(nowMs: number): boolean;
  /** The connection was given up for the better one, which is `target` now. */
  moved(): void;
  /** The certificate it showed ends then, ms since 1970. */
  showed(broker: BrokerEndpoint, endMs: number): void;
  /** Whether a real session with it came up since the start. */
  hasServed(broker: BrokerEndpoint): boolean;
  /** `wallMs` is now. */
  reports(isUp: boolean, wallMs: number): readonly BrokerReport[];
}

interface Row {
  readonly endpoint: BrokerEndpoint;
  readonly versions: VersionMemory;
  health: BrokerHealth;
  connectsCount: number;
  lastError?: LinkError;
  certificateEndMs?: number;
  /** Counts up over all attempts: the smallest is the one that was not tried the longest. */
  lastAttempt: number;
}

/** `random` gives 0 ≤ x < 1; it spreads the way back of a fleet over up to `stableMs` more. */
export function createBrokerChoice(
  brokers: readonly BrokerEndpoint[],
  { stableMs }: BrokerRules,
  random: () => number,
): BrokerChoice {
  assert(brokers.length > 0 && brokers.length <= brokersMax, `1 to ${brokersMax} brokers, not ${brokers.length}`);
  const rows = brokers.toSorted((one, other) => other.weight - one.weight).map(createRow);
  /** Nobody is tried twice without a wait between. */
  const tried = new Set<Row>();
  let current = firstOf(rows);
  let attempt = 0;
  let better: { readonly row: Row; readonly dueMs: number } | undefined;

  function rowOf(broker: BrokerEndpoint): Row {
    const found = rows.find(({ endpoint }) => endpoint === broker);
    assert(found !== undefined, `not a broker of this list: ${formatBroker(broker)}`);
    return found;
  }

  function died(error: LinkError, upMs: number): boolean {
    if (upMs >= stableConnectionMs) tried.clear();
    current.versions.ended(upMs > 0);
    current.health = afterDeath(current.health);
    current.lastError = error;
    attempt += 1;
    current.lastAttempt = attempt;
    tried.add(current);
    better = undefined;
    const well = rows.filter((row) => !tried.has(row) && isUsable(row.health));
    if (well.length === 0) tried.clear();
    current = firstOf(well.length > 0 ? byValue(well) : byValue(rows));
    return well.length > 0;
  }

  return {
    get target() {
      return targetOf(current);
    },
    get others() {
      return rows.filter((row) => row !== current).map(targetOf);
    },
    cameUp() {
      current.connectsCount += 1;
      current.health = afterAnswer(current.health, undefined);
      current.versions.cameUp();
    },
    refusedVersion(broker, wasSaid) {
      const { versions } = rowOf(broker);
      return wasSaid ? versions.refused() : versions.hungUp();
    },
    died,
    ended(error) {
      current.versions.ended(true);
      current.lastError = error;
      better = undefined;
    },
    answered(broker, latencyMs) {
      const row = rowOf(broker);
      row.versions.cameUp();
      row.health = afterAnswer(row.health, latencyMs);
    },
    missed(broker, error) {
      const row = rowOf(broker);
      row.health = afterMiss(row.health);
      if (row !== current) row.versions.ended(false);
      row.lastError = error;
      if (better?.row === row) better = undefined;
    },
    isMoveDue(nowMs) {
      const row = firstOf(byValue(rows));
      const isBetter = isUsable(row.health) && valueOf(row) > valueOf(current) * brokerBetterFactor;
      if (row === current || !isBetter) better = undefined;
      else if (better?.row !== row) better = { row, dueMs: nowMs + stableMs * (1 + random()) };
      return better !== undefined && nowMs >= better.dueMs;
    },
    moved() {
      assert(better !== undefined, 'moved without a better broker');
      current.versions.ended(true);
      current = better.row;
      better = undefined;
    },
    showed(broker, endMs) {
      rowOf(broker).certificateEndMs = endMs;
    },
    hasServed: (broker) => rowOf(broker).connectsCount > 0,
    reports: (isUp, wallMs) => rows.map((row) => reportOf(row, isUp && row === current, wallMs)),
  };
}

function createRow(endpoint: BrokerEndpoint): Row {
  const versions = createVersionMemory(endpoint.protocolVersion);
  return { endpoint, versions, health: untriedHealth, connectsCount: 0, lastAttempt: 0 };
}

function targetOf({ endpoint, versions }: Row): Target {
  return { endpoint, protocolVersion: versions.protocolVersion };
}

function valueOf({ endpoint, health }: Row): number {
  return isUsable(health) ? endpoint.weight * scoreOf(health) : 0;
}

/** The best first; of those that are no good the one that was not tried the longest, of equal ones the given order. */
function byValue(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((one, other) => valueOf(other) - valueOf(one) || one.lastAttempt - other.lastAttempt);
}

function firstOf(rows: readonly Row[]): Row {
  const [row] = rows;
  assert(row !== undefined);
  return row;
}

function reportOf(
  { endpoint, health, connectsCount, lastError, certificateEndMs }: Row,
  isInUse: boolean,
  wallMs: number,
): BrokerReport {
  const usability = isUsable(health) ? 'usable' : 'unusable';
  const ownEndMs = endpoint.credentials?.ownEndMs();
  const daysUntil = (endMs: number) => Math.floor((endMs - wallMs) / 86_400_000);
  const report: BrokerReport = {
    url: formatBroker(endpoint),
    state: isInUse ? 'in-use' : health === untriedHealth ? 'untried' : usability,
    score: scoreOf(health),
    reconnects: Math.max(0, connectsCount - 1),
    ...(health.latencyMs === undefined ? {} : { latencyMs: health.latencyMs }),
    ...(certificateEndMs !== undefined && { certificateDays: daysUntil(certificateEndMs) }),
    ...(ownEndMs !== undefined && { ownCertificateDays: daysUntil(ownEndMs) }),
  };
  return lastError === undefined ? report : { ...report, lastError };
}
