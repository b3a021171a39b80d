import assert from 'node:assert/strict';
import { brokersMax, protocolRetryCount } from '../limits.ts';
import type { BrokerEndpoint } from './broker-endpoint.ts';

export interface Target {
  readonly endpoint: BrokerEndpoint;
  readonly protocolVersion: 4 | 5;
}

/** Where to connect next, and what each broker was found to speak. Told about every outcome of `target`. */
export interface BrokerList {
  readonly target: Target;
  cameUp(): void;
  /** True when the same broker may be asked at once in the other version. */
  refusedVersion(): boolean;
  /** It did not come up, or not for long: the next one in the list. */
  failed(): void;
  /** It was up and stable: begin again with the heaviest. */
  lost(): void;
}

interface Row {
  readonly endpoint: BrokerEndpoint;
  protocolVersion: 4 | 5;
  /** Failed connects since it was found to speak only 3.1.1. */
  failuresCount: number;
}

/** Heaviest first; equal ones in the given order. */
export function createBrokerList(brokers: readonly BrokerEndpoint[]): BrokerList {
  assert(brokers.length > 0 && brokers.length <= brokersMax, `1 to ${brokersMax} brokers, not ${brokers.length}`);
  const rows = brokers
    .toSorted((one, other) => other.weight - one.weight)
    .map((endpoint): Row => ({ endpoint, protocolVersion: endpoint.protocolVersion ?? 5, failuresCount: 0 }));
  let index = 0;

  function current(): Row {
    const row = rows[index];
    assert(row !== undefined);
    return row;
  }

  function failed(): void {
    const row = current();
    row.failuresCount += 1;
    if (row.failuresCount >= protocolRetryCount) speak(row, 5); // It may be another broker by now.
    index = (index + 1) % rows.length;
  }

  return {
    get target() {
      const { endpoint, protocolVersion } = current();
      return { endpoint, protocolVersion };
    },
    cameUp() {
      current().failuresCount = 0;
    },
    refusedVersion() {
      const row = current();
      const isFirst = row.protocolVersion === 5 && row.endpoint.protocolVersion === undefined;
      speak(row, isFirst ? 4 : 5);
      if (!isFirst) failed();
      return isFirst;
    },
    failed,
    lost() {
      index = 0;
    },
  };
}

function speak(row: Row, protocolVersion: 4 | 5): void {
  row.protocolVersion = row.endpoint.protocolVersion ?? protocolVersion;
  row.failuresCount = 0;
}
