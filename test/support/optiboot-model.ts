import { greet, leave, readSignature } from '../../firmware-bridge/stk500/commands.ts';
import type { AvrPart } from '../../firmware-bridge/stk500/parts.ts';
import type { StkStep } from '../../firmware-bridge/stk500/script.ts';

/** What optiboot does with a request, without a line and without time; simavr runs the real one. */
export interface OptibootModel {
  readonly flash: Uint8Array;
  /** Pages programmed so far. */
  readonly writes: number;
  /** Only between a reset and the farewell. */
  readonly isInBootloader: boolean;
  /** The data of the answer. */
  take(step: StkStep): Uint8Array | undefined;
}

export function createOptibootModel(part: AvrPart, program: Uint8Array, signature = part.signature): OptibootModel {
  const flash = new Uint8Array(part.flashBytes).fill(0xff);
  flash.set(program);
  let address = 0;
  const model = {
    flash,
    writes: 0,
    isInBootloader: false,
    take(step: StkStep): Uint8Array | undefined {
      if (step.do === 'touch') return new Uint8Array();
      if (step.do === 'reset') model.isInBootloader = true;
      if (step.do !== 'ask' || !model.isInBootloader) return undefined;
      const { bytes } = step.request;
      const length = ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0);
      switch (bytes[0]) {
        case greet.bytes[0]:
          return new Uint8Array();
        case readSignature.bytes[0]:
          return Uint8Array.of(signature >> 16, (signature >> 8) & 0xff, signature & 0xff);
        case 0x55:
          address = 2 * ((bytes[1] ?? 0) | ((bytes[2] ?? 0) << 8));
          return new Uint8Array();
        case 0x64:
          flash.set(bytes.subarray(4, 4 + length), address);
          model.writes += 1;
          return new Uint8Array();
        case 0x74:
          return flash.slice(address, address + length);
        case leave.bytes[0]:
          model.isInBootloader = false;
          return new Uint8Array();
        default:
          throw new Error(`what is 0x${bytes[0]?.toString(16)}`);
      }
    },
  };
  return model;
}
