import { shortest32 } from '../../drivers/shortest32.ts';
import type { Channel } from './bodies.ts';

export type ChannelValue = null | boolean | number;

/** The four bytes of a value, as the compact form has them (QN-3.3); undefined: the type cannot hold it. */
export function bitsOf(valueType: Channel['valueType'], value: ChannelValue): number | undefined {
  if (valueType === 'none') return value === null ? 0 : undefined;
  if (valueType === 'bool') return typeof value === 'boolean' ? Number(value) : undefined;
  if (typeof value !== 'number') return undefined;
  const view = new DataView(new ArrayBuffer(4));
  if (valueType === 'f32') {
    view.setFloat32(0, value);
    return Number.isFinite(Math.fround(value)) ? view.getUint32(0) : undefined;
  }
  const whole = Math.round(valueType === 'milli' ? value * 1_000 : value);
  view.setInt32(0, whole);
  const isHeld = valueType === 'u32' ? whole === whole >>> 0 : whole === (whole | 0);
  return isHeld ? view.getUint32(0) : undefined;
}

/** Undefined: these bits are no value of the type. */
export function valueOfBits(valueType: Channel['valueType'], bits: number): ChannelValue | undefined {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  switch (valueType) {
    case 'none':
      return bits === 0 ? null : undefined;
    case 'bool':
      return bits < 2 ? bits === 1 : undefined;
    case 'i32':
      return view.getInt32(0);
    case 'u32':
      return bits;
    case 'f32': {
      const value = view.getFloat32(0);
      return Number.isFinite(value) ? shortest32(value) + 0 : undefined; // + 0 makes 0 of −0.
    }
    case 'milli':
      return view.getInt32(0) / 1_000;
  }
}

/** As the type holds it and a microcontroller tells it; what it cannot hold stays. */
export function heldValue(valueType: Channel['valueType'], value: ChannelValue): ChannelValue {
  const bits = bitsOf(valueType, value);
  return (bits === undefined ? undefined : valueOfBits(valueType, bits)) ?? value;
}
