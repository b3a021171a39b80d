import * as v from 'valibot';
import { debounceMsMax } from '../../limits.ts';
import type { GpioInConfig, GpioOutConfig } from '../config.ts';
import { common, commonLater, commonOf, driver } from './common.ts';
import { line } from './line.ts';
import { choice, onOff, onOffHold } from './scalar.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';

const active = v.optional(
  v.pipe(choice(['high', 'low']), v.description('The electrical level that means on.')),
  'high',
);

const safe = v.pipe(
  section(
    {
      boot: v.optional(onOff('Driven when the agent opens the line.'), 'off'),
      exit: v.optional(onOffHold('Driven when the agent stops in good order; hold leaves the line as it is.'), 'off'),
    },
    { later: ['offline', 'crash', 'config-error'] },
  ),
  v.description('What is driven when nobody commands.'),
);

export const gpioOut = v.pipe(
  section(
    { driver: driver('gpio-out', 'A line that is driven.'), line, active, safe: v.optional(safe, {}), ...common },
    { later: ['interlock', 'max-on', ...commonLater], example: { line: 'line: GPIO17' } },
  ),
  v.transform(
    (input): GpioOutConfig => ({
      ...commonOf(input),
      driver: 'gpio-out',
      line: input.line,
      active: input.active,
      safe: input.safe,
    }),
  ),
);

const bias = v.optional(
  v.pipe(choice(['as-is', 'disabled', 'pull-up', 'pull-down']), v.description('Resistor inside the chip.')),
  'as-is',
);

const debounce = v.optional(
  duration({
    about: 'The level must be stable this long before it counts.',
    example: '20ms',
    msMin: 0,
    msMax: debounceMsMax,
  }),
  '0ms',
);

export const gpioIn = v.pipe(
  section(
    { driver: driver('gpio-in', 'A line that is observed.'), line, bias, active, debounce, ...common },
    { later: ['publish', ...commonLater], example: { line: 'line: GPIO27' } },
  ),
  v.transform(
    (input): GpioInConfig => ({
      ...commonOf(input),
      driver: 'gpio-in',
      line: input.line,
      active: input.active,
      bias: input.bias,
      debounceMs: input.debounce,
    }),
  ),
);
