import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BindingConfig } from '../config/config.ts';
import { parsePointer, resolvePointer } from '../config/json-pointer.ts';
import { decodeBareValue } from '../qn/bare.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';

/** The value a binding picks out of somebody else's payload, mapped to ours (QN-2.2). */
export function selectValue(binding: BindingConfig, payload: Uint8Array): Result<Value, Refusal> {
  const decoded = decodeBareValue(payload);
  if (!decoded.ok) return decoded;
  const picked = binding.select === undefined ? decoded.value : pick(decoded.value, binding.select);
  if (picked === undefined) {
    return fail({ reason: 'malformed', detail: `the payload of ${binding.on} has nothing at ${binding.select}` });
  }
  return binding.map === undefined ? ok(picked) : mapValue(binding, binding.map, picked);
}

function pick(value: Value, pointer: string): Value | undefined {
  const parsed = parsePointer(pointer);
  return parsed.ok ? resolvePointer(value, parsed.value) : undefined;
}

function mapValue(
  binding: BindingConfig,
  map: NonNullable<BindingConfig['map']>,
  picked: Value,
): Result<Value, Refusal> {
  const key = typeof picked === 'string' ? picked : JSON.stringify(picked);
  const mapped = Object.hasOwn(map, key) ? map[key] : undefined;
  if (mapped !== undefined) return ok(mapped);
  const known = Object.keys(map).join(', ');
  const brought = JSON.stringify(key.slice(0, 64));
  return fail({ reason: 'out-of-range', detail: `${binding.on} brought ${brought}; its binding maps only ${known}` });
}
