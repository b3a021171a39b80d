import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Value } from '../../../agent/qn/message.ts';
import { canonicalText, valueDigest } from '../../../agent/trust/value-digest.ts';

test.each<[Value, string]>([
  [null, 'null'],
  [-0, '0'],
  [1e21, '1e+21'],
  [0.1 + 0.2, '0.30000000000000004'],
  ['ä\u0007"\\/', '"ä\\u0007\\"\\\\/"'],
  [new Uint8Array([0xfb, 0xff]), '{"$b64":"+/8="}'],
  [{ b: 1, a: [{ d: 1, c: true }] }, '{"a":[{"c":true,"d":1}],"b":1}'],
  // RFC 8785, 3.2.3: by UTF-16 code units, not by code points, and digits are no numbers.
  [{ '\ufb33': 1, '\u{1f600}': 2, '10': 3, '9': 4, '\u20ac': 5 }, '{"10":3,"9":4,"\u20ac":5,"\u{1f600}":2,"\ufb33":1}'],
])('%j is %s', (value, text) => {
  expect(canonicalText(value)).toBe(text);
});

test('the order of keys makes no difference, the order of items does', () => {
  expect(valueDigest({ a: 1, b: 2 })).toBe(valueDigest({ b: 2, a: 1 }));
  expect(valueDigest([1, 2])).not.toBe(valueDigest([2, 1]));
  expect(valueDigest('{"a":1}')).not.toBe(valueDigest({ a: 1 }));
});

test('a digest is that of the text, by a calculator of its own', () => {
  // printf '%s' '{"a":1}' | openssl dgst -sha256 -binary | basenc --base64url
  expect(valueDigest({ a: 1 })).toBe('AVq9f1zFei3ZS3WQ8ErYCEJzkF7jPsXOvq5iJ2qX-GI');
});

test('what JSON reads back from it is the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalText(JSON.parse(canonicalText(value as Value)))).toBe(canonicalText(value as Value));
    }),
  );
});
