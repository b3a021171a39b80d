import * as v from 'valibot';
import * as limits from '../../limits.ts';
import type { GpioOutConfig, InterlockConfig } from '../config.ts';
import { formatDuration } from '../duration.ts';
import { active, commanded, commandedOf, common, commonOf, driver } from './common.ts';
import { message, quote } from './issue.ts';
import { line } from './line.ts';
import { choice, onOff, onOffHold, onOffHoldRelease, text } from './scalar.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';

export const offlineAfter = v.optional(
  duration({
    about: 'Without a broker for so long the output goes to this state.',
    example: '30s',
    msMin: limits.offlineMsMin,
    msMax: limits.offlineMsMax,
  }),
  '30s',
);

export const offlineRestore = v.optional(
  onOff('Goes back by itself when a broker is there again; off: by the next command.'),
  'off',
);

const offline = v.pipe(
  section({
    after: offlineAfter,
    to: v.optional(onOffHold('The state it goes to; hold leaves it as it is.'), 'off'),
    restore: offlineRestore,
  }),
  v.description('When no broker can be reached; absent: nothing happens then.'),
  v.transform(({ after, to, restore }) => ({ afterMs: after, to, restore })),
);

const safe = v.pipe(
  section({
    boot: v.optional(onOffHold('Driven when the agent opens the line; hold takes over the level it finds.'), 'off'),
    exit: v.optional(
      onOffHoldRelease('Driven when the agent stops in good order; hold keeps the line for the next agent.'),
      'off',
    ),
    crash: v.optional(onOffHoldRelease('Driven when the agent died or hung, and after a write that failed.'), 'off'),
    'config-error': v.optional(
      onOffHoldRelease('Driven when the agent cannot start for a fault in its config; as the last good config says.'),
      'off',
    ),
    offline: v.optional(offline),
  }),
  v.description('What is driven when nobody commands.'),
  v.transform(({ boot, exit, crash, 'config-error': configError, offline: away }) => {
    return { boot, exit, crash, configError, ...(away !== undefined && { offline: away }) };
  }),
);

const maxOn = duration({
  about: 'Longest time on at a stretch; then it goes off by itself.',
  example: '10m',
  msMin: limits.onMsMin,
  msMax: limits.onMsMax,
});

const minDwell = duration({
  about: 'Shortest time between two changes; a command in between waits, but for an emergency stop.',
  example: '200ms',
  msMin: 0,
  msMax: limits.dwellMsMax,
});

const deadTime = duration({
  about: 'From one member of the interlock group off to the next one on: the longest of the group; absent: 100ms.',
  example: '100ms',
  msMin: 0,
  msMax: limits.deadTimeMsMax,
});

const group = v.pipe(
  text('the name of an interlock group', 63),
  v.regex(/^[a-z0-9][a-z0-9_-]*$/, ({ input }) =>
    message(
      `not the name of an interlock group: ${quote(input)}`,
      'a-z, 0-9, - and _, beginning with a letter or digit',
    ),
  ),
  v.description('At most one output of the group is on.'),
);

const policy = v.pipe(
  choice(['refuse', 'switch']),
  v.description('On while another member is on: refused as interlocked (absent: so), or that one goes off first.'),
);

const fields = section(
  {
    driver: driver('gpio-out', 'A line that is driven.'),
    line,
    active,
    safe: v.optional(safe, {}),
    'max-on': v.optional(maxOn),
    'min-dwell': v.optional(minDwell, '0ms'),
    interlock: v.optional(group),
    'interlock-policy': v.optional(policy),
    'dead-time': v.optional(deadTime),
    ...commanded,
    ...common,
  },
  { example: { line: 'line: GPIO17' } },
);

type Fields = v.InferOutput<typeof fields>;

const needsGroup = message('this needs the group it is about', 'write interlock: and the name of the group');

export const gpioOut = v.pipe(
  fields,
  v.forward(v.check(hasGroup('interlock-policy'), needsGroup), ['interlock-policy']),
  v.forward(v.check(hasGroup('dead-time'), needsGroup), ['dead-time']),
  v.forward(
    v.check(
      ({ 'max-on': on, 'min-dwell': dwell }) => on === undefined || dwell < on,
      ({ input }) =>
        message('min-dwell is not below max-on', `write min-dwell: below ${formatDuration(input['max-on'] ?? 0)}`),
    ),
    ['min-dwell'],
  ),
  v.transform((input): GpioOutConfig => {
    const { 'max-on': maxOnMs } = input;
    const interlock = interlockOf(input);
    return {
      ...commonOf(input),
      ...commandedOf(input),
      driver: 'gpio-out',
      line: input.line,
      active: input.active,
      safe: input.safe,
      minDwellMs: input['min-dwell'],
      ...(maxOnMs !== undefined && { maxOnMs }),
      ...(interlock !== undefined && { interlock }),
    };
  }),
);

function hasGroup(key: 'interlock-policy' | 'dead-time') {
  return (input: Fields) => input[key] === undefined || input.interlock !== undefined;
}

function interlockOf(input: Fields): InterlockConfig | undefined {
  if (input.interlock === undefined) return undefined;
  return {
    group: input.interlock,
    policy: input['interlock-policy'] ?? 'refuse',
    deadTimeMs: input['dead-time'] ?? limits.deadTimeMsDefault,
  };
}
