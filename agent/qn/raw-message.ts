import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { DecodeContext } from './codec.ts';
import { type FieldName, type Fields, type Form, fieldNames, fields, isFieldName } from './fields.ts';
import { type Kind, kinds, type Message, type Value } from './message.ts';
import type { Reason, Refusal } from './reason.ts';

/** A message taken apart: known fields by name, the rest by the key under which it is passed on (QN-3.1). */
export interface RawMessage {
  readonly known: ReadonlyMap<FieldName, unknown>;
  readonly unknown: ReadonlyMap<string, unknown>;
}

type Draft = { -readonly [Name in FieldName]?: Fields[Name] };
type Extra = { readonly [key: string]: Value };

/** Checks every field and what its kind needs. A refusal carries the id wherever that could be read (QN-3.4). */
export function messageOfRaw(raw: RawMessage, form: Form, context: DecodeContext): Result<Message, Refusal> {
  const id = raw.known.has('id') ? fields.id.read(raw.known.get('id'), form) : undefined;
  const refuse = (reason: Reason, detail: string) =>
    fail(id === undefined ? { reason, detail } : { reason, detail, id });

  const named = raw.known.get('t');
  const kind = named === undefined ? context.kind : fields.t.read(named, form);
  if (kind === undefined && named !== undefined) return refuse('unknown-type', unknownKind(named));

  const draft: Draft = {};
  for (const name of fieldNames) {
    if (name === 't' || !raw.known.has(name)) continue;
    if (!readInto(draft, name, raw.known.get(name), form)) {
      return refuse('malformed', `field ${name}: expected ${fields[name].expected}`);
    }
  }
  const extra = readExtra(raw.unknown, form);
  if (typeof extra === 'string') return refuse('malformed', extra);

  if (kind === undefined) return refuse('malformed', `field t is missing: send one of ${kinds.join(', ')}`);
  if (context.kind !== undefined && kind !== context.kind)
    return refuse('unsupported', contradiction(kind, context.kind));
  const message = assemble(draft, kind);
  if (typeof message === 'string') return refuse('malformed', message);
  return ok(extra === undefined ? message : { ...message, extra });
}

/** Fails with `unsupported` and the name of the field that this form cannot say. */
export function rawOfMessage(message: Message, form: Form): Result<RawMessage, Refusal> {
  const known = new Map<FieldName, unknown>();
  const unknown = new Map<string, unknown>();
  const refuse = (name: string) => fail(unsaid(name, form));
  const { extra, ...said } = message;
  for (const name of fieldNames) {
    const written = writeFrom(said, name, form);
    if (written === absent) continue;
    if (written === undefined) return refuse(name);
    known.set(name, written);
  }
  for (const [key, value] of Object.entries(extra ?? {})) {
    const written = isFieldName(key) || !form.isText(key) ? undefined : form.writeValue(value);
    if (written === undefined) return refuse(`extra.${key}`);
    unknown.set(key, written);
  }
  return ok({ known, unknown });
}

export function contradiction(kind: Kind, expected: Kind): string {
  return `a message of kind ${kind} came where only ${expected} is taken`;
}

function unsaid(name: string, form: Form): Refusal {
  return { reason: 'unsupported', detail: `field ${name} has a value that ${form.name} cannot say` };
}

function unknownKind(raw: unknown): string {
  const isNumber = typeof raw === 'number' || typeof raw === 'bigint';
  const shown = typeof raw === 'string' ? JSON.stringify(raw.slice(0, 32)) : isNumber ? raw : `of type ${typeof raw}`;
  return `unknown kind ${shown}: send one of ${kinds.join(', ')}`;
}

function readInto<Name extends FieldName>(draft: Draft, name: Name, raw: unknown, form: Form): boolean {
  const value = fields[name].read(raw, form);
  if (value === undefined) return false;
  draft[name] = value;
  return true;
}

const absent = Symbol('absent');

function writeFrom<Name extends FieldName>(said: Draft, name: Name, form: Form): unknown {
  const value = said[name];
  return value === undefined ? absent : fields[name].write(value, form);
}

/** Text: what is wrong. */
function readExtra(unknown: ReadonlyMap<string, unknown>, form: Form): Extra | string | undefined {
  if (unknown.size === 0) return undefined;
  const extra: [string, Value][] = [];
  for (const [key, raw] of unknown) {
    const value = form.readValue(raw);
    if (value === undefined || !form.isText(key)) {
      return `unknown field ${JSON.stringify(key.slice(0, 32))}: expected ${fields.val.expected}`;
    }
    extra.push([key, value]);
  }
  return Object.fromEntries(extra);
}

/** Text: what is missing. */
function assemble(draft: Draft, kind: Kind): Message | string {
  const { t: _, st, val, ...envelope } = draft;
  switch (kind) {
    case 'snapshot':
    case 'delta':
    case 'notify':
    case 'event':
      return val === undefined ? `field val is missing: ${kind} needs it` : { ...envelope, t: kind, val };
    case 'ack':
      if (st === undefined) return 'field st is missing: ack needs it';
      return val === undefined ? { ...envelope, t: kind, st } : { ...envelope, t: kind, st, val };
    case 'query':
    case 'health':
      return val === undefined ? { ...envelope, t: kind } : { ...envelope, t: kind, val };
  }
}
