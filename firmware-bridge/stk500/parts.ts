/** A microcontroller that is flashed by STK500v1. Signature and sizes are from its data sheet. */
export interface AvrPart {
  readonly name: string;
  readonly signature: number;
  readonly flashBytes: number;
  readonly pageBytes: number;
  /** At the end of the flash, for the bootloader: what optiboot takes. */
  readonly bootBytes: number;
}

export const avrParts = {
  atmega328p: { name: 'atmega328p', signature: 0x1e950f, flashBytes: 32_768, pageBytes: 128, bootBytes: 512 },
  atmega328: { name: 'atmega328', signature: 0x1e9514, flashBytes: 32_768, pageBytes: 128, bootBytes: 512 },
  atmega168: { name: 'atmega168', signature: 0x1e9406, flashBytes: 16_384, pageBytes: 128, bootBytes: 512 },
} as const satisfies Record<string, AvrPart>;

export function roomOf({ flashBytes, bootBytes }: AvrPart): number {
  return flashBytes - bootBytes;
}
