import { expect, test } from 'vitest';
import { buildProblems } from '../../../agent/config/cross-check-build.ts';
import { leftOut } from '../../../agent/left-out.ts';

const gateway = { profile: 'gateway', features: ['gpiochip', 'sysfs', 'mcu'] } as const;
const sim = { profile: 'sim', features: ['gpiochip', 'sysfs', 'serial'] } as const;
const relay = { documents: { relay: { driver: 'gpio-out', line: 'GPIO17' } } };

function placesOf(config: unknown, build: Parameters<typeof buildProblems>[1]): readonly string[] {
  return buildProblems(config, build).map(({ path, message }) => `${path.join('/')}: ${message}`);
}

test('run from its sources nothing is left out', () => {
  expect(leftOut).toEqual({ profile: 'full', features: [] });
  expect(buildProblems({ http: {}, ...relay }, leftOut)).toEqual([]);
});

test('lines need a backend that is there, or simulated ones', () => {
  const told = [
    'documents/relay/driver: this build (profile gateway) comes without GPIO lines (but for simulated ones)',
  ];
  expect(placesOf(relay, gateway)).toEqual(told);
  expect(placesOf({ ...relay, gpio: { backend: 'auto' } }, gateway)).toEqual(told);
  expect(placesOf({ ...relay, gpio: { backend: 'simulated' } }, gateway)).toEqual([]);
  expect(placesOf(relay, { profile: 'pi', features: ['sysfs'] })).toEqual([]);
});

test('a port that is simulated needs no serial driver, whatever speaks on it', () => {
  const scale = (port: unknown) => ({ documents: { scale: { driver: 'serial-line', port } } });
  expect(placesOf(scale('simulated:/run/scale.sock'), sim)).toEqual([]);
  for (const port of ['/dev/ttyUSB0', { vendorId: '0403', productId: '6001' }])
    expect(placesOf(scale(port), sim)).toEqual([
      'documents/scale/driver: this build (profile sim) comes without serial ports (but for simulated ones)',
    ]);
});

test.each([undefined, [], 'text', { documents: [], mqtt: { brokers: 'none' } }, { documents: { x: 1 }, mqtt: [] }])(
  'a config that is none has other faults: %j',
  (config) => expect(buildProblems(config, sim)).toEqual([]),
);
