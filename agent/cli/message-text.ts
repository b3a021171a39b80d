import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { decodeNotify } from '../qn/bare.ts';
import type { Kind, Message, Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';
import { decodeMessage, encodeMessage } from '../qn/registry.ts';

const kindsOfVerbs: { readonly [verb: string]: Kind } = {
  state: 'snapshot',
  delta: 'delta',
  event: 'event',
  ack: 'ack',
  health: 'health',
};

/** Any message of the wire, or the bare payload of a notify. The topic says the kind of one that does not. */
export function decodeAny(bytes: Uint8Array, nowMs: number, topic = ''): Result<Message, Refusal> {
  const own = decodeMessage(bytes, { nowMs });
  const kind = kindsOfVerbs[topic.split('/').at(-2) ?? ''];
  const decoded = own.ok || kind === undefined ? own : decodeMessage(bytes, { nowMs, kind });
  if (decoded.ok) return decoded;
  return decodeNotify(bytes, { nowMs, kind: 'notify' });
}

/** The JSON form of a message (QN-3); for compact ones with what JSON has no field for, under `compact`. */
export function jsonOf(message: Message): Result<string, Refusal> {
  const encoded = encodeMessage(message, 'json');
  if (!encoded.ok) return encoded;
  const text = Buffer.from(encoded.value.bytes).toString('utf8');
  if (message.compact === undefined) return ok(text);
  return ok(JSON.stringify({ ...JSON.parse(text), compact: message.compact }));
}

/** A value as one line of text for people. */
export function formatValue(value: Value | undefined): string {
  if (value === undefined) return '-';
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString('hex')}`;
  const encoded = encodeMessage({ t: 'event', val: value }, 'json');
  const text = encoded.ok ? Buffer.from(encoded.value.bytes).toString('utf8') : '';
  return encoded.ok ? text.slice(text.indexOf('"val":') + 6, -1) : '?';
}

/** Text as it is, everything else as JSON. */
export function plainText(value: Value | undefined): string {
  return typeof value === 'string' ? value : formatValue(value);
}

/** What a person typed as a value: JSON where it is JSON, else the text itself. */
export function parseTypedValue(text: string): Result<Value, Refusal> {
  const decoded = decodeNotify(Buffer.from(text, 'utf8'), { nowMs: 0, kind: 'notify' });
  if (decoded.ok && decoded.value.id === undefined) return ok(decoded.value.val);
  return text === '' ? fail({ reason: 'malformed', detail: 'an empty value' }) : ok(text);
}

/** One message as one line: its JSON form, or what a person wants to know of it. */
export function formatMessage(message: Message, document: string, isJson: boolean): string {
  if (isJson) {
    const text = jsonOf(message);
    return text.ok ? text.value : `${document}: ${text.error.detail}`;
  }
  switch (message.t) {
    case 'snapshot':
      return `${document} = ${formatValue(message.val)}  (version ${message.ver ?? '-'})`;
    case 'delta':
      return `${document} changed: ${formatValue(message.val)}  (version ${message.base ?? '-'} to ${message.ver ?? '-'})`;
    case 'ack':
      return `${document} ${message.st}${formatReason(message)}  (id ${message.id ?? '-'})`;
    case 'health':
      return `${document} health: ${formatValue(message.val)}`;
    case 'event':
    case 'notify':
    case 'query':
      return `${document} ${message.t}: ${formatValue(message.val)}`;
  }
}

function formatReason({ why, detail }: Message): string {
  if (why === undefined) return '';
  return detail === undefined ? `, ${why}` : `, ${why}: ${detail}`;
}
