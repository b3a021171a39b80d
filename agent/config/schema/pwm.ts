import * as v from 'valibot';
import * as limits from '../../limits.ts';
import type { PwmOutConfig } from '../config.ts';
import { commanded, commandedOf, common, commonOf, driver } from './common.ts';
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

const safe = v.pipe(
  section({
    boot: v.optional(power('Driven when the agent opens the channel; hold takes over what is running.'), 0),
    exit: v.optional(power('Driven when the agent stops in good order; hold leaves it running.'), 0),
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
      ({ safe: { boot }, scale }) => isWithin(boot, scale),
      ({ input }) => wrongPower({ input: input.safe.boot }),
    ),
    ['safe', 'boot'],
  ),
  v.forward(
    v.check(
      ({ safe: { exit }, scale }) => isWithin(exit, scale),
      ({ input }) => wrongPower({ input: input.safe.exit }),
    ),
    ['safe', 'exit'],
  ),
  v.transform((input): PwmOutConfig => {
    const {
      scale,
      safe: { boot, exit },
    } = input;
    const dutyOf = (value: number | 'hold') => (value === 'hold' ? value : value / scale);
    return {
      ...commonOf(input),
      ...commandedOf(input),
      driver: 'pwm-out',
      chip: input.chip,
      channel: input.channel,
      frequencyHz: input.frequency,
      scale,
      safe: { boot: dutyOf(boot), exit: dutyOf(exit) },
    };
  }),
);

function isWithin(value: number | 'hold', scale: number): boolean {
  return value === 'hold' || value <= scale;
}
