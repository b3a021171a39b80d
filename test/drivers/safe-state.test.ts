import { expect, test } from 'vitest';
import { type SafeAction, type SafeStates, type Situation, safeAction, situations } from '../../drivers/safe-state.ts';

const holding: SafeStates = {
  boot: 'hold',
  configError: 'hold',
  exit: 'hold',
  crash: 'hold',
  offline: { afterMs: 1, to: 'hold', restore: false },
};

/** Which key decides, and what becomes of the line when it says `hold`. */
const rows: readonly (readonly [situation: Situation, key: keyof SafeStates | undefined, held: SafeAction['do']])[] = [
  ['boot', 'boot', 'hold'],
  ['config-error', 'configError', 'hold'],
  ['offline', 'offline', 'hold'],
  ['exit', 'exit', 'hold'],
  ['crash', 'crash', 'hold'],
  ['watchdog', 'crash', 'hold'],
  ['expired', undefined, 'hold'],
  ['driver-fault', 'crash', 'hold'],
];

test('there is a row for every situation', () => {
  expect(rows.map(([situation]) => situation)).toEqual([...situations]);
});

test.for(rows)('%s is decided by %s, and held means %s', ([situation, key, held]) => {
  expect(safeAction(situation, holding)).toEqual({ do: held });
  for (const on of [true, false]) {
    const offline = { afterMs: 1, to: on, restore: false };
    const states = key === undefined ? holding : { ...holding, [key]: key === 'offline' ? offline : on };
    expect(safeAction(situation, states)).toEqual(key === undefined ? { do: held } : { do: 'drive', on });
  }
});

test.for([
  ['exit', 'release'],
  ['crash', 'release'],
  ['watchdog', 'release'],
  ['config-error', 'release'],
  ['driver-fault', 'hold'], // There is still an agent.
] as const)('release means at %s: %s', ([situation, done]) => {
  const states: SafeStates = { ...holding, exit: 'release', crash: 'release', configError: 'release' };
  expect(safeAction(situation, states)).toEqual({ do: done });
});

test('without an offline state being offline changes nothing', () => {
  const { offline: _, ...states } = holding;
  expect(safeAction('offline', states)).toEqual({ do: 'hold' });
});
