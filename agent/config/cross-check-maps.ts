import * as v from 'valibot';
import type { Result } from '../../drivers/contract/result.ts';
import { ok } from '../../drivers/contract/result.ts';
import { planCount } from '../documents/gpio-counter.ts';
import { planOutput } from '../documents/gpio-out.ts';
import { planPower } from '../documents/pwm-out.ts';
import { encodeRegister } from '../documents/register-value.ts';
import { planFrame } from '../documents/serial-frame.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import type { DocumentConfig } from './config.ts';
import type { Problem } from './fault.ts';
import { isPlainMap } from './plain-map.ts';
import { binding } from './schema/binding.ts';
import { document } from './schema/document.ts';

/** What a binding sends on and its document would refuse. Of a channel only its microcontroller knows. */
export function mapProblems(plain: unknown): readonly Problem[] {
  const { bindings, documents } = isPlainMap(plain) ? plain : {};
  const listed: readonly unknown[] = Array.isArray(bindings) ? bindings : [];
  return listed.flatMap((input, index) => {
    const parsed = isPlainMap(input) && 'map' in input ? v.safeParse(binding, input) : undefined;
    if (parsed?.success !== true) return [];
    const { to, map = {} } = parsed.output;
    const target = v.safeParse(document, isPlainMap(documents) && documents[to]);
    if (!target.success) return [];
    return Object.entries(map).flatMap(([from, value]): readonly Problem[] => {
      const taken = take(target.output, value);
      if (taken.ok) return [];
      const text = `${to} does not take it: ${taken.error.detail}`;
      return [{ path: ['bindings', `${index}`, 'map', from], at: 'value', message: text }];
    });
  });
}

function take(config: DocumentConfig, value: Value): Result<unknown, Refusal> {
  switch (config.driver) {
    case 'gpio-out':
      return planOutput(config, value);
    case 'gpio-counter':
      return planCount(value);
    case 'pwm-out':
      return planPower(config, value);
    case 'modbus-register':
      return encodeRegister(config, value);
    case 'gpio-in':
    case 'modbus-rtu':
    case 'mcu':
      return ok(); // That they take no commands is told of `to`.
    default:
      return planFrame(config, value);
  }
}
