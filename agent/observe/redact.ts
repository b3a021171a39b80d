const secretKey = /^(pass(word|phrase)?|secret|token|tok|authorization|credentials?|(private-?|api-?)?key)$/i;
/** `mqtt://user:password@host`. Of the scheme only the end: a text of 64 KiB that looks like many beginnings would take seconds. */
const userInUrl = /([a-z0-9+.-]:\/\/)[^/@\s]+@/gi;
const bearer = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g;
const pem = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;

const mark = '[secret]';
const depthMax = 4;

/** Fields of a line without what nobody may read in a log: values of keys that name a secret, and secrets inside of text. */
export function redact(fields: { readonly [key: string]: unknown }, depth = 0): { readonly [key: string]: unknown } {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, secretKey.test(key) ? mark : redactValue(value, depth)]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Error) return redactError(value);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (depth >= depthMax) return '…';
  if (Array.isArray(value)) return value.map((item: unknown) => redactValue(item, depth + 1));
  return redact(Object.fromEntries(Object.entries(value)), depth + 1);
}

/** Secrets inside of text, as far as their form gives them away. */
export function redactText(text: string): string {
  return text.replaceAll(userInUrl, `$1${mark}@`).replaceAll(bearer, `$1 ${mark}`).replaceAll(pem, mark);
}

function redactError({ name, message, stack }: Error): object {
  return { type: name, message: redactText(message), ...(stack === undefined ? {} : { stack: redactText(stack) }) };
}
