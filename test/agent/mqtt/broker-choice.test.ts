import { describe, expect, it } from 'vitest';
import { brokerStableMs, brokersMax, stableConnectionMs } from '../../../agent/limits.ts';
import { type BrokerChoice, createBrokerChoice } from '../../../agent/mqtt/broker-choice.ts';
import type { BrokerEndpoint } from '../../../agent/mqtt/broker-endpoint.ts';
import type { LinkError } from '../../../agent/mqtt/link.ts';

const gone: LinkError = { kind: 'closed', detail: 'gone' };

const broker = (host: string, weight: number, more: Partial<BrokerEndpoint> = {}): BrokerEndpoint => ({
  protocol: 'mqtt',
  host,
  port: 1883,
  weight,
  ...more,
});

const heavy = broker('heavy', 100);
const light = broker('light', 10);

function choose(brokers: readonly BrokerEndpoint[], random = () => 0): BrokerChoice {
  return createBrokerChoice(brokers, { stableMs: brokerStableMs }, random);
}

const hostOf = (choice: BrokerChoice) => choice.target.endpoint.host;

/** Up on the light one, because the heavy one died. */
function failedOver(random?: () => number): BrokerChoice {
  const choice = choose([heavy, light], random);
  choice.died(gone, 0);
  choice.cameUp();
  return choice;
}

describe('the choice of a broker', () => {
  it('begins with the heaviest, of equal ones with the first', () => {
    expect(hostOf(choose([light, heavy]))).toBe('heavy');
    expect(hostOf(choose([broker('one', 5), broker('two', 5)]))).toBe('one');
  });

  it('goes to the next at once, to each of them once, and then waits', () => {
    const choice = choose([broker('c', 1), broker('a', 9), broker('b', 5)]);
    const steps = [0, 1, 2, 3].map(() => {
      const host = hostOf(choice);
      return [host, choice.died(gone, 0)];
    });
    expect(steps).toEqual([
      ['a', true],
      ['b', true],
      ['c', false],
      ['a', false],
    ]);
  });

  it('goes round among those that are all dead, so that each gets its turn', () => {
    const choice = choose([broker('a', 9), broker('b', 5), broker('c', 1)]);
    const hosts = Array.from({ length: 7 }, () => {
      const host = hostOf(choice);
      choice.died(gone, 0);
      return host;
    });
    expect(hosts.join('')).toBe('abcabca');
  });

  it('leaves a broker that died after a good connection, at once, for the next', () => {
    const choice = choose([heavy, light]);
    choice.cameUp();
    expect(choice.died(gone, stableConnectionMs)).toBe(true);
    expect(hostOf(choice)).toBe('light');
  });

  it('does not spin between two that let it in and drop it', () => {
    const choice = choose([heavy, light]);
    const waits = [0, 1, 2, 3].map(() => {
      choice.cameUp();
      choice.answered(heavy, 1);
      choice.answered(light, 1);
      return choice.died(gone, 100);
    });
    expect(waits).toEqual([true, false, true, false]);
  });

  it('stays with its only broker, and waits', () => {
    const choice = choose([heavy]);
    choice.cameUp();
    expect(choice.died(gone, stableConnectionMs)).toBe(false);
    expect(hostOf(choice)).toBe('heavy');
  });

  it('does not go to one that is known to be dead while another is well', () => {
    const choice = choose([broker('a', 100), broker('b', 50), broker('c', 1)]);
    choice.cameUp();
    const [b] = choice.others;
    for (let count = 0; count < 3; count += 1) choice.missed(b!.endpoint, gone);
    choice.died(gone, stableConnectionMs);
    expect(hostOf(choice)).toBe('c');
    choice.died(gone, 0);
    expect(hostOf(choice)).toBe('b'); // nothing else is there, and it was not tried the longest
  });

  it('weighs the score against the weight', () => {
    const choice = choose([broker('a', 100), broker('b', 11), broker('c', 10)]);
    choice.cameUp();
    for (let count = 0; count < 20; count += 1) choice.answered(choice.others[0]!.endpoint, 800); // 11 × 0.5
    choice.died(gone, stableConnectionMs);
    expect(hostOf(choice)).toBe('c');
  });

  it('stays where it is when the broker is not to blame', () => {
    const choice = choose([heavy, light]);
    choice.cameUp();
    choice.ended(gone);
    expect(hostOf(choice)).toBe('heavy');
    expect(choice.reports(false, 0)[0]).toMatchObject({ state: 'usable', lastError: gone });
  });
});

describe('the way back to a better broker', () => {
  it('is due when it was better for the stable time, not a moment sooner', () => {
    const choice = failedOver();
    choice.answered(heavy, 1);
    expect(choice.isMoveDue(1_000)).toBe(false);
    expect(choice.isMoveDue(1_000 + brokerStableMs - 1)).toBe(false);
    expect(choice.isMoveDue(1_000 + brokerStableMs)).toBe(true);
    choice.moved();
    expect(hostOf(choice)).toBe('heavy');
    expect(choice.isMoveDue(1e9)).toBe(false);
  });

  it('is spread over up to as long again', () => {
    const choice = failedOver(() => 0.5);
    choice.answered(heavy, 1);
    choice.isMoveDue(0);
    expect(choice.isMoveDue(1.5 * brokerStableMs - 1)).toBe(false);
    expect(choice.isMoveDue(1.5 * brokerStableMs)).toBe(true);
  });

  it('begins anew after a miss', () => {
    const choice = failedOver();
    for (let count = 0; count < 5; count += 1) choice.answered(heavy, 1);
    choice.isMoveDue(0);
    choice.missed(heavy, gone);
    expect(choice.isMoveDue(brokerStableMs)).toBe(false);
    expect(choice.isMoveDue(2 * brokerStableMs)).toBe(true);
  });

  it('is not taken while the better one is dead', () => {
    const choice = failedOver();
    expect(choice.isMoveDue(0)).toBe(false);
    expect(choice.isMoveDue(10 * brokerStableMs)).toBe(false);
  });

  it('is not taken for a little: equal ones of a little different latency do not flap', () => {
    const [one, two] = [broker('one', 1), broker('two', 1)];
    const choice = choose([one, two]);
    choice.cameUp();
    for (let count = 0; count < 1_000; count += 1) {
      choice.answered(one, 80 + (count % 7));
      choice.answered(two, 1);
      expect(choice.isMoveDue(count * 5_000)).toBe(false);
    }
  });

  it('is taken from a broker that is slow at the limit to an equal one that is not', () => {
    const [one, two] = [broker('one', 1), broker('two', 1)];
    const choice = choose([one, two]);
    choice.cameUp();
    for (let count = 0; count < 10; count += 1) {
      choice.answered(one, 700);
      choice.answered(two, 1);
    }
    choice.isMoveDue(0);
    expect(choice.isMoveDue(brokerStableMs)).toBe(true);
  });
});

describe('the version of each broker', () => {
  it('is remembered for that broker only', () => {
    const choice = choose([heavy, light]);
    expect(choice.refusedVersion(heavy, true)).toBe(true);
    expect(choice.target).toMatchObject({ endpoint: heavy, protocolVersion: 4 });
    choice.died(gone, 0);
    expect(choice.target).toMatchObject({ endpoint: light, protocolVersion: 5 });
    choice.died(gone, 0);
    expect(choice.target.protocolVersion).toBe(4);
  });

  it('is found out for one that is only probed', () => {
    const choice = choose([heavy, light]);
    choice.cameUp();
    expect(choice.refusedVersion(light, true)).toBe(true);
    expect(choice.others).toEqual([{ endpoint: light, protocolVersion: 4 }]);
    expect(choice.target.protocolVersion).toBe(5);
  });
});

describe('the report of the brokers', () => {
  it('has a row for each, the heaviest first', () => {
    const choice = failedOver();
    expect(choice.reports(true, 0)).toEqual([
      { url: 'mqtt://heavy:1883', state: 'unusable', score: 0, reconnects: 0, lastError: gone },
      { url: 'mqtt://light:1883', state: 'in-use', score: 1, reconnects: 0 },
    ]);
    choice.answered(heavy, 1);
    choice.died(gone, 0);
    choice.cameUp();
    choice.died(gone, stableConnectionMs);
    choice.cameUp();
    expect(choice.reports(true, 0).map(({ reconnects }) => reconnects)).toEqual([0, 1]);
  });

  it('calls a broker untried that nobody asked yet', () => {
    expect(choose([heavy]).reports(false, 0)).toMatchObject([{ state: 'untried', score: 1 }]);
  });

  it('is refused for none, and for more than brokersMax', () => {
    expect(() => choose([])).toThrow('not 0');
    const many = Array.from({ length: brokersMax + 1 }, (_, index) => broker(`b${index}`, 1));
    expect(() => choose(many)).toThrow(`not ${brokersMax + 1}`);
    expect(hostOf(choose(many.slice(1)))).toBe('b1');
  });
});
