import type { FaultCases } from './fault-case.ts';

const key = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const keyFault =
  'not the public half of an Ed25519 key (43 letters of base64url) (copy the line that `qnctl keys list` prints)';
const trusted = (rest: string) => `trust: { keys: [{ ${rest} }] }`;

export const trustCases: FaultCases = {
  'a key without roles': {
    yaml: trusted(`kid: a, key: "${key}"`),
    faults: ['3:17: /trust/keys/0/roles: roles is missing (write roles: [config, trust])'],
  },
  'a key that is trusted for nothing': {
    yaml: trusted(`kid: a, key: "${key}", roles: []`),
    faults: [
      '3:86: /trust/keys/0/roles: a key that is trusted for nothing (roles: [config, trust, firmware, actuate])',
    ],
  },
  'a role nobody knows': {
    yaml: trusted(`kid: a, key: "${key}", roles: [conifg]`),
    faults: [
      '3:87: /trust/keys/0/roles/0: expected config or trust or firmware or actuate, found "conifg" (did you mean config?)',
    ],
  },
  'a key that is too short, not told again': {
    yaml: trusted('kid: a, key: s3cret, roles: [config]'),
    faults: [`3:32: /trust/keys/0/key: ${keyFault}`],
  },
  'a key with loose ends': {
    yaml: trusted(`kid: a, key: "${key.slice(0, 42)}p", roles: [config]`),
    faults: [`3:32: /trust/keys/0/key: ${keyFault}`],
  },
  'a key with an odd name': {
    yaml: trusted(`kid: "a b", key: "${key}", roles: [config]`),
    faults: [
      '3:24: /trust/keys/0/kid: not the name of a key: "a b" (letters, digits, - _ and . as `qnctl keys new NAME` takes it)',
    ],
  },
  'a key that expires some day': {
    yaml: trusted(`kid: a, key: "${key}", roles: [config], expires: 2027-02-30`),
    faults: ['3:105: /trust/keys/0/expires: not a day: "2027-02-30" (expires: 2027-12-31)'],
  },
  'two keys of one name': {
    yaml: `trust: { keys: [{ kid: a, key: "${key}", roles: [config] }, { kid: a, key: "${key}", roles: [trust] }] }`,
    faults: ['3:98: /trust/keys/1: two keys of the same name (give each a kid of its own)'],
  },
  'a word for config.trust that is none': {
    yaml: 'config: { trust: all }',
    faults: ['3:18: /config/trust: expected keys or none, found "all"'],
  },
  'an odd entry of control': {
    yaml: 'documents: { a: { driver: gpio-out, line: A, control: ["token:config"] } }',
    faults: [
      '3:56: /documents/a/control/0: not an entry of control: "token:config" (a source like ops or line-*, token:actuate, or binding:any)',
    ],
  },
  'a binding to a document that lets none in': {
    yaml: 'documents: { a: { driver: gpio-out, line: A, control: [ops] } }\nbindings: [{ on: x, to: a }]',
    faults: ['4:25: /bindings/0/to: a takes no commands of bindings (add binding:any to documents.a.control)'],
  },
  'control of an input': {
    yaml: 'documents: { a: { driver: gpio-in, line: A, control: [ops] } }',
    faults: ['3:45: /documents/a/control: control is unsupported (this document takes no commands; remove it)'],
  },
};
