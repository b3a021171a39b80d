import * as v from 'valibot';
import * as limits from '../../limits.ts';
import type { GpioCounterConfig, GpioInConfig, StormConfig } from '../config.ts';
import { formatDuration } from '../duration.ts';
import { active, commanded, commandedOf, common, commonOf, driver, uncommanded } from './common.ts';
import { line } from './line.ts';
import { choice, integer } from './scalar.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';

const bias = v.optional(
  v.pipe(choice(['as-is', 'disabled', 'pull-up', 'pull-down']), v.description('Resistor inside the chip.')),
  'as-is',
);

const debounce = v.optional(
  duration({
    about: 'The level must be stable this long before it counts.',
    example: '20ms',
    msMin: 0,
    msMax: limits.debounceMsMax,
  }),
  '0ms',
);

const stormWindow = duration({
  about: 'Time over which edges are counted.',
  example: '1s',
  msMin: limits.stormWindowMsMin,
  msMax: limits.stormWindowMsMax,
});

const stormRetry = duration({
  about: 'First wait before the line is tried again; it doubles while the storm goes on.',
  example: '10s',
  msMin: limits.stormRetryMsMin,
  msMax: limits.stormRetryMsMax,
});

/** A broken sensor must not take the whole board with it. */
function storm(rateDefault: number) {
  const rate = v.pipe(integer('edges per second', 1, limits.stormRateMax), v.description('Edges per second.'));
  return v.optional(
    v.pipe(
      section({
        rate: v.optional(rate, rateDefault),
        for: v.optional(stormWindow, formatDuration(limits.stormWindowMsDefault)),
        retry: v.optional(stormRetry, formatDuration(limits.stormRetryMsDefault)),
      }),
      v.description('More edges than this, and the line is let go of for a while.'),
      v.transform((input): StormConfig => ({ ratePerS: input.rate, windowMs: input.for, retryMs: input.retry })),
    ),
    {},
  );
}

export const gpioIn = v.pipe(
  section(
    {
      driver: driver('gpio-in', 'A line that is observed.'),
      line,
      bias,
      active,
      debounce,
      storm: storm(limits.stormInputRateDefault),
      ...common,
    },
    { later: ['publish'], instead: uncommanded, example: { line: 'line: GPIO27' } },
  ),
  v.transform(
    (input): GpioInConfig => ({
      ...commonOf(input),
      driver: 'gpio-in',
      line: input.line,
      active: input.active,
      bias: input.bias,
      debounceMs: input.debounce,
      storm: input.storm,
    }),
  ),
);

const publish = v.pipe(
  section({
    min: v.optional(
      duration({
        about: 'Shortest time between two values told.',
        example: '1s',
        msMin: limits.counterPublishMsMin,
        msMax: limits.counterPublishMsMax,
      }),
      formatDuration(limits.counterPublishMsDefault),
    ),
  }),
  v.description('How often values are told.'),
);

export const gpioCounter = v.pipe(
  section(
    {
      driver: driver('gpio-counter', 'A line whose edges are counted.'),
      line,
      bias,
      edge: v.optional(
        v.pipe(choice(['rising', 'falling', 'both']), v.description('Which change of the electrical level counts.')),
        'rising',
      ),
      debounce,
      publish: v.optional(publish, {}),
      storm: storm(limits.stormCounterRateDefault),
      ...commanded,
      ...common,
    },
    { example: { line: 'line: GPIO5' } },
  ),
  v.transform(
    (input): GpioCounterConfig => ({
      ...commonOf(input),
      ...commandedOf(input),
      driver: 'gpio-counter',
      line: input.line,
      bias: input.bias,
      edge: input.edge,
      debounceMs: input.debounce,
      publishMsMin: input.publish.min,
      storm: input.storm,
    }),
  ),
);
