import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import type { Channel } from '../../../firmware-bridge/link/bodies.ts';
import { bitsOf } from '../../../firmware-bridge/link/channel-value.ts';
import { formatDuration } from '../../config/duration.ts';
import { onMsMax, onMsMin } from '../../limits.ts';
import type { Value } from '../../qn/message.ts';
import type { Refusal } from '../../qn/reason.ts';
import { brief, planSwitch } from '../gpio-out.ts';
import type { Effect } from '../kind.ts';

/**
 * What a command asks of a channel. Of one that was declared and not heard of yet the type is not known: then the shape
 * of the value decides, and the microcontroller has the last word.
 */
export function planChannel(channel: Channel | undefined, value: Value): Result<Effect, Refusal> {
  if (channel?.role === 'input')
    return fail({ reason: 'unsupported', detail: `${channel.name} is an input: it can be queried` });
  if (channel === undefined) return typeof value === 'number' ? ok({ do: 'channel', value }) : planBool(value);
  if (channel.valueType === 'none') return ok({ do: 'channel', value: null });
  if (channel.valueType === 'bool') return planBool(value);
  const number = numberOf(value); // QN-3.2g
  if (number !== undefined && bitsOf(channel.valueType, number) !== undefined)
    return ok({ do: 'channel', value: number });
  return fail({
    reason: 'out-of-range',
    detail: `not a number that ${channel.name} can hold (${range(channel)}): ${brief(value)}`,
  });
}

/** QN-3.2b. */
function planBool(value: Value): Result<Effect, Refusal> {
  const planned = planSwitch(value);
  if (!planned.ok) return planned;
  const effect = planned.value;
  if (effect.do === 'set') return ok({ do: 'channel', value: effect.on });
  if (effect.do !== 'pulse') return ok({ do: 'channel-toggle', once: true });
  if (effect.forMs >= onMsMin && effect.forMs <= onMsMax)
    return ok({ do: 'channel-pulse', forMs: effect.forMs, once: true });
  const detail = `a pulse of ${effect.forMs} ms; a channel takes ${formatDuration(onMsMin)} to ${formatDuration(onMsMax)}`;
  return fail({ reason: 'out-of-range', detail });
}

function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : undefined;
}

function range({ valueType }: Channel): string {
  switch (valueType) {
    case 'u32':
      return '0 to 4294967295';
    case 'i32':
      return '-2147483648 to 2147483647';
    case 'milli':
      return '-2147483.648 to 2147483.647';
    default:
      return 'a 32-bit float';
  }
}
