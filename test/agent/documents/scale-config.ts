import type { SerialConfig } from '../../../agent/config/config.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';

/** A scale that tells its weight, a line each. */
export const scaleConfig: SerialConfig = {
  driver: 'serial-line',
  port: '/dev/ttyX',
  settings: serialSettings8N1,
  framing: { kind: 'delimiter', delimiter: '\n' },
  append: '',
  interByteMs: 500,
  frameBytesMax: 64,
  priority: 'normal',
  retained: 'refuse',
};
