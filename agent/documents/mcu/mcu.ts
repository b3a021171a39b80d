import { fail, ok } from '../../../drivers/contract/result.ts';
import type { McuConfig } from '../../config/mcu-config.ts';
import { isPlainMap } from '../../config/plain-map.ts';
import { missingPart, partFix } from '../../missing-part.ts';
import { brief } from '../gpio-out.ts';
import type { DocumentKind } from '../kind.ts';

/**
 * A microcontroller on a serial line (QN-8). Its value tells whether the link is up, its firmware and its channels, which
 * are documents of their own below it. Only what a command is stands here; the rest is loaded by boards that have one.
 */
export const mcu: DocumentKind<McuConfig> = {
  plan(_config, value) {
    const isOrder = isPlainMap(value) && ('piece' in value || 'write' in value);
    // What is in it is looked at by what is loaded with the first microcontroller.
    if (isOrder) return ok({ do: 'firmware', order: value, once: 'write' in value });
    const reset = isPlainMap(value) && Object.keys(value).length === 1 ? value['reset'] : undefined;
    if (reset === true || reset === 'boot') return ok({ do: 'restart', intoBootloader: reset === 'boot', once: true });
    const detail = `this document is a microcontroller; send {"reset": true}, or command its channels, not ${brief(value)}`;
    return fail({ reason: 'unsupported', detail });
  },
  async open(config, surroundings) {
    try {
      const { openMcu } = await import('./open-mcu.ts'); // Costs nothing where there is none.
      return await openMcu(config, surroundings);
    } catch (cause) {
      const part = missingPart(cause);
      if (part === undefined) throw cause;
      const error = { kind: 'unsupported', operation: 'open', resource: config.port } as const;
      return fail({ ...error, detail: `the part ${part} of the agent is missing`, fix: partFix, cause });
    }
  },
};
