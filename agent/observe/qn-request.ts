import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { httpClientNameBytesMax } from '../limits.ts';
import { parseJson } from '../qn/json-codec.ts';
import { isPlainObject, jsonForm } from '../qn/json-value.ts';
import type { Value } from '../qn/message.ts';
import type { Refusal } from '../qn/reason.ts';

/** The body of `POST /api/qn` (QN-5.4). */
export type QnRequest =
  | { readonly action: 'subscribe'; readonly client: string; readonly document: string }
  /** Without a document: everything, and the client is forgotten. */
  | { readonly action: 'unsubscribe'; readonly client: string; readonly document?: string }
  | { readonly action: 'notify'; readonly client?: string; readonly document: string; readonly value: Value };

const clientPattern = /^[A-Za-z0-9_.-]+$/;

export function isClientName(text: unknown): text is string {
  return typeof text === 'string' && text.length <= httpClientNameBytesMax && clientPattern.test(text);
}

/** Whether there is such a document is not decided here. Unknown fields are ignored (QN-3.1). */
export function parseQnRequest(bytes: Uint8Array): Result<QnRequest, Refusal> {
  const parsed = parseJson(bytes);
  if (!parsed.ok) return parsed;
  const { raw } = parsed.value;
  if (!isPlainObject(raw)) return malformed('the body is a JSON object: {"client_id": "…", "topic": "gpio.relay1"}');
  const fields = new Map<string, unknown>(Object.entries(raw));
  const client = fields.get('client_id');
  const topic = fields.get('topic');
  if (client !== undefined && !isClientName(client)) return malformed(clientRule);
  if (topic !== undefined && typeof topic !== 'string') return malformed('topic is the name of a document');
  const action = fields.get('action') ?? 'subscribe';
  if (action === 'notify') return notifyOf(client, topic, fields.get('value'));
  if (action !== 'subscribe' && action !== 'unsubscribe')
    return malformed('action is subscribe, unsubscribe or notify');
  if (client === undefined) return malformed(`client_id is missing; ${clientRule}`);
  if (action === 'unsubscribe') return ok({ action, client, ...(topic === undefined ? {} : { document: topic }) });
  return topic === undefined
    ? malformed('topic is missing: the name of a document')
    : ok({ action, client, document: topic });
}

const clientRule = `client_id is 1 to ${httpClientNameBytesMax} of A-Z, a-z, 0-9, _, . and -`;

function notifyOf(client: string | undefined, document: string | undefined, raw: unknown): Result<QnRequest, Refusal> {
  const value = raw === undefined ? undefined : jsonForm.readValue(raw);
  if (document === undefined) return malformed('topic is missing: the name of a document');
  if (value === undefined) return malformed('value is missing, or is no value of a document');
  return ok({ action: 'notify', document, value, ...(client === undefined ? {} : { client }) });
}

function malformed(detail: string): Result<never, Refusal> {
  return fail({ reason: 'malformed', detail });
}
