import type { Bias, InputRequest } from '../contract/digital.ts';

/** GPIO_V2_LINE_FLAG_* of linux/gpio.h, as far as they are used. Without one for the clock edges are stamped monotonic. */
const flags = { used: 1, input: 4, output: 8, edgeRising: 16, edgeFalling: 32 } as const;

/** As-is leaves the resistor as the firmware or the device tree set it. */
const biasFlags: { readonly [Name in Bias]: number } = {
  'as-is': 0,
  'pull-up': 256,
  'pull-down': 512,
  disabled: 1_024,
};

export const outputFlags: number = flags.output;

/** No direction: the line is held, and left as it was found. */
export const asFoundFlags = 0;

export function inputFlags({ bias, edges = 'changes' }: Pick<InputRequest, 'bias' | 'edges'>): number {
  const rising = edges === 'falling' ? 0 : flags.edgeRising;
  const falling = edges === 'rising' ? 0 : flags.edgeFalling;
  return flags.input | rising | falling | biasFlags[bias];
}

/** Somebody has the line: a program, a kernel driver, or the pin serves another purpose. */
export function isUsed(lineFlags: number): boolean {
  return (lineFlags & flags.used) !== 0;
}
