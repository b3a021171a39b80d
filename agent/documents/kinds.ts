import type { Result } from '../../drivers/contract/result.ts';
import type { DocumentConfig } from '../config/config.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { gpioCounter } from './gpio-counter.ts';
import { gpioIn } from './gpio-in.ts';
import { gpioOut } from './gpio-out.ts';
import type { DocumentKind, DocumentSurroundings, Effect, OpenDocument } from './kind.ts';
import { mcu } from './mcu/mcu.ts';
import { modbusRegister } from './modbus-register.ts';
import { modbusRtu } from './modbus-rtu.ts';
import { pwmOut } from './pwm-out.ts';
import { serial } from './serial.ts';

/** A kind together with the config of one document. */
export interface BoundKind {
  plan(value: Value): Result<Effect, Refusal>;
  open(surroundings: DocumentSurroundings): Promise<Result<OpenDocument>>;
}

/** The table driver → kind. A new kind of document is a file and a row. */
export function bindKind(config: DocumentConfig): BoundKind {
  switch (config.driver) {
    case 'gpio-out':
      return bound(gpioOut, config);
    case 'gpio-in':
      return bound(gpioIn, config);
    case 'gpio-counter':
      return bound(gpioCounter, config);
    case 'pwm-out':
      return bound(pwmOut, config);
    case 'serial-line':
    case 'serial-raw':
    case 'serial-length':
    case 'serial-slip':
    case 'serial-cobs':
      return bound(serial, config);
    case 'modbus-rtu':
      return bound(modbusRtu, config);
    case 'modbus-register':
      return bound(modbusRegister, config);
    case 'mcu':
      return bound(mcu, config);
  }
}

function bound<Config extends DocumentConfig>(kind: DocumentKind<Config>, config: Config): BoundKind {
  return {
    plan: (value) => kind.plan(config, value),
    open: (surroundings) => kind.open(config, surroundings),
  };
}
