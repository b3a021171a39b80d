import * as v from 'valibot';
import type { ModemLines, SerialSettings } from '../../../drivers/contract/byte-port.ts';
import * as limits from '../../limits.ts';
import { port } from './port.ts';
import { choice, integer, numberChoice, onOff } from './scalar.ts';
import { section } from './section.ts';

const modem = v.pipe(
  section({
    dtr: v.optional(onOff('Data terminal ready; many Arduinos restart when it changes.')),
    rts: v.optional(onOff('Request to send.')),
  }),
  v.description('Modem lines, set once after opening; absent ones stay on. A port without them works all the same.'),
);

/** What every serial port has besides its speed. */
export const wire = {
  port,
  'data-bits': v.optional(v.pipe(numberChoice([5, 6, 7, 8]), v.description('Bits of a character.')), 8),
  'stop-bits': v.optional(v.pipe(numberChoice([1, 2]), v.description('Pause behind a character.')), 1),
  modem: v.optional(modem),
};

export const wireHints = {
  instead: {
    rs485:
      'let the kernel switch the direction (dtoverlay, or linux,rs485-enabled-at-boot-time), or use an adapter that does it by itself',
  },
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
}

export function settingsOf(input: WireInput): SerialSettings {
  return {
    baud: input.baud,
    dataBits: input['data-bits'],
    parity: input.parity,
    stopBits: input['stop-bits'],
    ...(input.modem !== undefined && { modem: modemOf(input.modem) }),
  };
}

/** Optional means absent: valibot hands on `undefined` for a key that is not there. */
function modemOf({ dtr, rts }: NonNullable<WireInput['modem']>): ModemLines {
  return { ...(dtr !== undefined && { dtr }), ...(rts !== undefined && { rts }) };
}
