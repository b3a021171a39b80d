import { expect, test } from 'vitest';
import { httpClientNameBytesMax } from '../../../agent/limits.ts';
import { parseQnRequest } from '../../../agent/observe/qn-request.ts';

const parse = (body: unknown) => parseQnRequest(Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
const longest = 'x'.repeat(httpClientNameBytesMax);

test.each([
  [
    { client_id: 'me', topic: 'a.b' },
    { action: 'subscribe', client: 'me', document: 'a.b' },
  ],
  [
    { client_id: longest, topic: 'a', action: 'subscribe', future: 1 },
    { action: 'subscribe', client: longest, document: 'a' },
  ],
  [
    { client_id: 'me', action: 'unsubscribe' },
    { action: 'unsubscribe', client: 'me' },
  ],
  [
    { client_id: 'me', action: 'unsubscribe', topic: 'a' },
    { action: 'unsubscribe', client: 'me', document: 'a' },
  ],
  [
    { action: 'notify', topic: 'a', value: null },
    { action: 'notify', document: 'a', value: null },
  ],
  [
    { client_id: 'me', action: 'notify', topic: 'a', value: { $b64: 'AQ==' } },
    { action: 'notify', client: 'me', document: 'a', value: Uint8Array.of(1) },
  ],
])('%j is understood', (body, expected) => {
  expect(parse(body)).toEqual({ ok: true, value: expected });
});

test.each([
  '',
  '{',
  '[]',
  'null',
  '7',
  { topic: 'a' },
  { client_id: 'me' },
  { client_id: '', topic: 'a' },
  { client_id: 7, topic: 'a' },
  { client_id: 'a b', topic: 'a' },
  { client_id: `${longest}x`, topic: 'a' },
  { client_id: 'me', topic: ['a'] },
  { client_id: 'me', topic: 'a', action: 'delete' },
  { action: 'notify', topic: 'a' },
  { action: 'notify', value: 1 },
  { action: 'notify', topic: 'a', value: { $b64: '*' } },
])('%j is malformed, and says what is missing', (body) => {
  const parsed = parse(body);
  expect(parsed).toMatchObject({ ok: false, error: { reason: 'malformed' } });
});
