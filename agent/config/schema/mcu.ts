import * as v from 'valibot';
import * as bounds from '../../../firmware-bridge/limits.ts';
import * as limits from '../../limits.ts';
import { formatDuration } from '../duration.ts';
import type { McuConfig, McuUpdateConfig, ResetConfig } from '../mcu-config.ts';
import { active, commanded, commandedOf, common, commonOf, driver } from './common.ts';
import { message, quote } from './issue.ts';
import { line } from './line.ts';
import { absolutePath, choice, onOff, text } from './scalar.ts';
import { mapOf, section } from './section.ts';
import { duration } from './unit.ts';
import { baud, parity, settingsOf, wire, wireHints } from './wire.ts';

const watchdog = duration({
  about: 'Without a sign of this board for so long the microcontroller puts its outputs into their safe state.',
  example: '1s',
  msMin: bounds.mcuWatchdogMsMin,
  msMax: bounds.mcuWatchdogMsMax,
});

const pulse = duration({
  about: 'How long the reset line is active.',
  example: '50ms',
  msMin: bounds.mcuResetPulseMsMin,
  msMax: bounds.mcuResetPulseMsMax,
});

const away = duration({
  about: 'A microcontroller that is away for so long is reset by its line, ever less often; absent: never.',
  example: '30s',
  msMin: bounds.mcuResetAfterMsMin,
  msMax: bounds.mcuResetAfterMsMax,
});

const resetLine = v.pipe(
  section({
    line: v.optional(line),
    over: v.optional(
      v.pipe(choice(['dtr', 'rts']), v.description('Instead of line: a modem line of its port, as on an Arduino Uno.')),
    ),
    active: v.optional(v.pipe(choice(['high', 'low']), v.description('The level of `line` that resets it.')), 'low'),
    pulse: v.optional(pulse, formatDuration(bounds.mcuResetPulseMsDefault)),
    after: v.optional(away),
  }),
  v.check(
    (reset) => (reset.line === undefined) !== (reset.over === undefined),
    message(
      'expected either line or over',
      'write reset: { line: GPIO4 }, or reset: { over: dtr } for an Arduino on USB',
    ),
  ),
  v.description('How it is reset.'),
);

const bootLine = v.pipe(
  section({ line, active }),
  v.description('GPIO line to the pin that it looks at during a reset: active means bootloader.'),
);

const offline = v.pipe(
  section({
    after: duration({
      about: 'Without any broker for so long.',
      example: '30s',
      msMin: limits.offlineMsMin,
      msMax: limits.offlineMsMax,
    }),
    restore: v.optional(onOff('Commands are taken again with the connection; off: with the next command.'), 'off'),
  }),
  v.description('Puts its outputs into their safe state.'),
);

const safe = v.pipe(
  section({
    exit: v.optional(
      v.pipe(
        choice(['safe', 'hold']),
        v.description('When this board stops in good order; hold: when the watchdog notices.'),
      ),
      'safe',
    ),
    offline: v.optional(offline),
  }),
  v.description('What its outputs do when nobody commands them; which level that is the firmware knows.'),
);

const update = v.pipe(
  section({
    over: v.pipe(choice(['stk500', 'smp']), v.description('stk500: an AVR with optiboot; smp: MCUboot and MCUmgr.')),
    part: v.optional(
      v.pipe(choice(['atmega328p', 'atmega328', 'atmega168']), v.description('With stk500.')),
      'atmega328p',
    ),
    framing: v.optional(v.pipe(choice(['console', 'raw']), v.description('With smp.')), 'console'),
    health: v.optional(
      v.pipe(choice(['link', 'echo']), v.description('With smp: what a new program must do.')),
      'link',
    ),
    hardware: v.optional(
      v.pipe(text('the name of the hardware', 255), v.description('Only images for it are written.')),
    ),
    ca: v.optional(v.pipe(absolutePath('the ca file'), v.description('PEM: who vouches for the servers of images.'))),
  }),
  v.description('How its program is written over the air.'),
);

const channelName = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, ({ input }) =>
    message(`not the name of a channel: ${quote(input)}`, 'a-z, 0-9, - and _, as the firmware has it, at most 32'),
  ),
);

/** What it does not say of priority and control its microcontroller says. */
const channel = section({ ...common, ...commanded, priority: v.optional(common.priority.wrapped) });

const channels = v.pipe(
  mapOf(channelName, channel),
  v.maxEntries(bounds.mcuChannelsMax, `more than ${bounds.mcuChannelsMax} channels`),
  v.description('What this board should know of channels before the firmware tells them, by name.'),
);

export const mcu = v.pipe(
  section(
    {
      driver: driver('mcu', 'A microcontroller with the QN link; its channels are documents of their own.'),
      ...wire,
      baud: baud(115_200),
      parity: parity('none'),
      watchdog: v.optional(watchdog, '1s'),
      reset: v.optional(resetLine),
      boot: v.optional(bootLine),
      safe: v.optional(safe, {}),
      update: v.optional(update),
      channels: v.optional(channels, {}),
      ...common,
      retained: v.optional(
        v.pipe(choice(['refuse', 'accept']), v.description('Whether an order to write its program may be retained.')),
        'accept', // QN-2.1
      ),
      ...commanded,
    },
    wireHints,
  ),
  v.transform(
    ({ reset, boot, update: way, channels: declared, ...input }): McuConfig => ({
      ...commonOf(input),
      ...commandedOf(input),
      driver: 'mcu',
      port: input.port,
      settings: settingsOf(input),
      watchdogMs: input.watchdog,
      ...(reset !== undefined && { reset: resetOf(reset) }),
      ...(boot !== undefined && { boot }),
      safe: {
        exit: input.safe.exit,
        ...(input.safe.offline !== undefined && {
          offline: { afterMs: input.safe.offline.after, restore: input.safe.offline.restore },
        }),
      },
      ...(way !== undefined && { update: updateOf(way) }),
      channels: mapValues(declared, (one) => {
        const { priority = input.priority, control = input.control } = one;
        return { ...commonOf({ ...one, priority }), ...commandedOf({ ...one, control }) };
      }),
    }),
  ),
);

function mapValues<From, To>(map: { readonly [key: string]: From }, act: (value: From) => To): { [key: string]: To } {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, act(value)]));
}

function resetOf({
  line: pin,
  over,
  active: level,
  pulse: pulseMs,
  after,
}: v.InferOutput<typeof resetLine>): ResetConfig {
  const timing = { pulseMs, ...(after !== undefined && { afterMs: after }) };
  if (pin !== undefined) return { ...timing, line: pin, active: level };
  return { ...timing, over: over ?? 'dtr' }; // One of the two is there, see above.
}

function updateOf({ hardware, ca, ...rest }: v.InferOutput<typeof update>): McuUpdateConfig {
  return { ...rest, ...(hardware !== undefined && { hardware }), ...(ca !== undefined && { ca }) };
}
