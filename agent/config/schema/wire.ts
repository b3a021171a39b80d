import * as v from 'valibot';
import type { ModemLines, Rs485Settings, SerialSettings } from '../../../drivers/contract/byte-port.ts';
import { rs485DelayMsMax } from '../../../drivers/limits.ts';
import * as limits from '../../limits.ts';
import { port } from './port.ts';
import { choice, integer, numberChoice, onOff } from './scalar.ts';
import { section } from './section.ts';
import { duration } from './unit.ts';

const modem = v.pipe(
  section({
    dtr: v.optional(onOff('Data terminal ready; many Arduinos restart when it changes.')),
    rts: v.optional(onOff('Request to send.')),
  }),
  v.description('Modem lines, set once after opening; absent ones stay on. A port without them works all the same.'),
);

function turnaround(about: string) {
  const rule = { about, example: '1ms', msMin: 0, msMax: rs485DelayMsMax };
  return v.optional(duration(rule), '0ms');
}

const rs485 = v.pipe(
  section({
    rts: v.optional(onOff('Request to send while this board sends; off: the other way round.'), 'on'),
    before: turnaround('From there to the first bit.'),
    after: turnaround('From the last bit until the line is free for others.'),
    echo: v.optional(onOff('Whether this board hears what it sends.'), 'off'),
  }),
  v.description(
    'The port switches the direction of two wires by RTS. Not all ports can; adapters do it by themselves.',
  ),
);

/** What every serial port has besides its speed. */
export const wire = {
  port,
  'data-bits': v.optional(v.pipe(numberChoice([5, 6, 7, 8]), v.description('Bits of a character.')), 8),
  'stop-bits': v.optional(v.pipe(numberChoice([1, 2]), v.description('Pause behind a character.')), 1),
  modem: v.optional(modem),
  rs485: v.optional(rs485),
};

export const wireHints = {
  example: { port: 'port: /dev/serial/by-id/…' },
};

export function baud(usual: number) {
  return v.optional(
    v.pipe(integer('a baud rate', limits.baudMin, limits.baudMax), v.description('Bits per second.')),
    usual,
  );
}

export function parity(usual: SerialSettings['parity']) {
  return v.optional(v.pipe(choice(['none', 'even', 'odd']), v.description('Check bit of a character.')), usual);
}

interface WireInput extends Pick<SerialSettings, 'baud' | 'parity'> {
  readonly 'data-bits': SerialSettings['dataBits'];
  readonly 'stop-bits': SerialSettings['stopBits'];
  readonly modem?: { readonly dtr?: boolean | undefined; readonly rts?: boolean | undefined } | undefined;
  readonly rs485?: Rs485Input | undefined;
}

interface Rs485Input {
  readonly rts: boolean;
  readonly before: number;
  readonly after: number;
  readonly echo: boolean;
}

export function settingsOf(input: WireInput): SerialSettings {
  return {
    baud: input.baud,
    dataBits: input['data-bits'],
    parity: input.parity,
    stopBits: input['stop-bits'],
    ...(input.modem !== undefined && { modem: modemOf(input.modem) }),
    ...(input.rs485 !== undefined && { rs485: rs485Of(input.rs485) }),
  };
}

/** Optional means absent: valibot hands on `undefined` for a key that is not there. */
function modemOf({ dtr, rts }: NonNullable<WireInput['modem']>): ModemLines {
  return { ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) };
}

function rs485Of({ rts, before, after, echo }: Rs485Input): Rs485Settings {
  return { rtsOnSend: rts, beforeMs: Math.ceil(before), afterMs: Math.ceil(after), echo }; // The kernel takes whole ones.
}
