import * as v from 'valibot';
import * as limits from '../../limits.ts';
import type { PwmOutConfig } from '../config.ts';
import { commanded, commandedOf, common, commonOf, driver } from './common.ts';
import { offlineAfter, offlineRestore } from './gpio-output.ts';
import { describeInput, message } from './issue.ts';
import { integer, numberChoice } from './scalar.ts';
import { section } from './section.ts';

const chip = v.pipe(
  v.string(({ input }) => message(`expected a PWM chip, found ${describeInput(input)}`, 'ls /sys/class/pwm')),
  v.regex(/^pwmchip\d{1,4}$/, ({ input }) => message(`not a PWM chip: ${describeInput(input)}`, 'ls /sys/class/pwm')),
  v.description('Name of the chip in /sys/class/pwm.'),
  v.examples(['pwmchip0']),
);

const channel = v.pipe(integer('a channel', 0, limits.pwmChannelMax), v.description('Output of that chip.'));

const frequency = v.pipe(integer('a frequency in Hz', 1, limits.pwmFrequencyMax), v.description('In Hz.'));

const wrongPower = ({ input }: { readonly input: unknown }) =>
  message(`expected hold, or a number from 0 to what scale says, found ${describeInput(input)}`);

function power(about: string) {
  return v.pipe(v.union([v.pipe(v.number(), v.minValue(0)), v.literal('hold')], wrongPower), v.description(about));
}

const offline = v.pipe(
  section({ after: offlineAfter, to: v.optional(power('What it goes to.'), 0), restore: offlineRestore }),
  v.description('When no broker can be reached; absent: nothing happens then.'),
);

const safe = v.pipe(
  section({
    boot: v.optional(power('Driven when the agent opens the channel; hold takes over what is running.'), 0),
    exit: v.optional(power('Driven when the agent stops in good order; hold leaves it running.'), 0),
    crash: v.optional(power('Driven when the agent died or hung, and after a write that failed.'), 0),
    'config-error': v.optional(power('Driven when the agent cannot start for a fault in its config.'), 0),
    offline: v.optional(offline),
  }),
  v.description('What is driven when nobody commands.'),
);

export const pwmOut = v.pipe(
  section(
    {
      driver: driver('pwm-out', 'A line that is on for a part of every period.'),
      chip,
      channel: v.optional(channel, 0),
      frequency,
      scale: v.optional(
        v.pipe(numberChoice([1, 100]), v.description('The value of full power: 1, or 100 for percent.')),
        1,
      ),
      safe: v.optional(safe, {}),
      ...commanded,
      ...common,
    },
    { example: { chip: 'chip: pwmchip0', frequency: 'frequency: 25000' } },
  ),
  v.forward(
    v.check(
      ({ safe, scale }) => isWithin(safe.boot, scale),
      ({ input }) => wrongPower({ input: input.safe.boot }),
    ),
    ['safe', 'boot'],
  ),
  v.forward(
    v.check(
      ({ safe, scale }) => isWithin(safe.exit, scale),
      ({ input }) => wrongPower({ input: input.safe.exit }),
    ),
    ['safe', 'exit'],
  ),
  v.forward(
    v.check(
      ({ safe, scale }) => isWithin(safe.crash, scale),
      ({ input }) => wrongPower({ input: input.safe.crash }),
    ),
    ['safe', 'crash'],
  ),
  v.forward(
    v.check(
      ({ safe, scale }) => isWithin(safe['config-error'], scale),
      ({ input }) => wrongPower({ input: input.safe['config-error'] }),
    ),
    ['safe', 'config-error'],
  ),
  v.forward(
    v.check(
      ({ safe, scale }) => isWithin(safe.offline?.to ?? 'hold', scale),
      ({ input }) => wrongPower({ input: input.safe.offline?.to }),
    ),
    ['safe', 'offline'],
  ),
  v.transform((input): PwmOutConfig => {
    const { scale } = input;
    const { boot, exit, crash, 'config-error': configError, offline: away } = input.safe;
    const dutyOf = (value: number | 'hold') => (value === 'hold' ? value : value / scale);
    return {
      ...commonOf(input),
      ...commandedOf(input),
      driver: 'pwm-out',
      chip: input.chip,
      channel: input.channel,
      frequencyHz: input.frequency,
      scale,
      safe: {
        boot: dutyOf(boot),
        exit: dutyOf(exit),
        crash: dutyOf(crash),
        configError: dutyOf(configError),
        ...(away && { offline: { afterMs: away.after, to: dutyOf(away.to), restore: away.restore } }),
      },
    };
  }),
);

function isWithin(value: number | 'hold', scale: number): boolean {
  return value === 'hold' || value <= scale;
}
