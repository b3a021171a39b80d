import { describe, expect, it } from 'vitest';
import type { LinkErrorKind } from '../../../agent/mqtt/link.ts';
import {
  type ConnectionPhase,
  endError,
  isVersionRefusal,
  refusalError,
  socketError,
} from '../../../agent/mqtt/link-error.ts';

const broker = 'mqtts://a.example:8883';

const codes: readonly (readonly [code: string, phase: ConnectionPhase, kind: LinkErrorKind])[] = [
  ['ENOTFOUND', 'network', 'dns'],
  ['EAI_AGAIN', 'network', 'dns'],
  ['ECONNREFUSED', 'network', 'refused'],
  ['EHOSTUNREACH', 'network', 'refused'],
  ['ENETUNREACH', 'network', 'refused'],
  ['ETIMEDOUT', 'network', 'timeout'],
  ['ETIMEDOUT', 'up', 'timeout'],
  ['ECONNRESET', 'network', 'closed'],
  ['ECONNRESET', 'tls', 'tls'],
  ['ECONNRESET', 'mqtt', 'closed'],
  ['EPIPE', 'up', 'closed'],
  ['EPROTO', 'tls', 'tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls', 'tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls', 'tls'],
  ['CERT_HAS_EXPIRED', 'tls', 'tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'tls'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'mqtt', 'tls'],
];

describe('an error of the link', () => {
  it.each(codes)('%s in phase %s is of kind %s and names the broker', (code, phase, kind) => {
    const cause = Object.assign(new Error(`Something about ${code}`), { code });
    const expected = { kind, detail: `${broker}: something about ${code}`, cause };
    expect(socketError(broker, phase, cause)).toMatchObject(expected);
  });

  it.each([
    ['ENOTFOUND', 'dns', 'name-unknown', 'mqtt.brokers'],
    ['EAI_AGAIN', 'dns', 'name-server-silent', 'resolv.conf'],
    ['CERT_NOT_YET_VALID', 'tls', 'certificate-not-yet-valid', 'clock'],
    ['CERT_HAS_EXPIRED', 'tls', 'certificate-expired', 'renew'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'tls', 'certificate-untrusted', '`ca`'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'certificate-for-another-host', 'name'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls', 'certificate-demanded', '`cert`'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'tls-to-a-plain-port', 'mqtt://'],
  ])('%s is of kind %s, says %s and what to do', (code, kind, expected, hint) => {
    const error = socketError(broker, 'tls', Object.assign(new Error('x'), { code }));
    expect(error).toMatchObject({ kind, code: expected, fix: expect.stringContaining(hint) });
  });

  it.each([
    [4, 'bad-credentials'],
    [0x86, 'bad-credentials'],
    [5, 'not-authorized'],
    [0x87, 'not-authorized'],
    [2, 'client-id-refused'],
    [0x85, 'client-id-refused'],
    [3, 'broker-busy'],
    [0x89, 'broker-busy'],
  ])('of a refusal with code %d says %s', (code, expected) => {
    expect(refusalError(broker, code)).toMatchObject({ code: expected, fix: expect.stringMatching(/./) });
  });

  it('finds the reason in what OpenSSL says while bytes of ours were waiting', () => {
    const line =
      '40:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../tlsany_meth.c:77:\n';
    const cause = Object.assign(new Error(`write EPROTO ${line}`), { code: 'EPROTO' });
    expect(socketError(broker, 'tls', cause)).toMatchObject({
      kind: 'tls',
      code: 'tls-to-a-plain-port',
      detail: `${broker}: TLS handshake: wrong version number`,
    });
  });

  it('has no code where the kind says it all', () => {
    const error = socketError(broker, 'network', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
    expect(Object.keys(error)).toEqual(['kind', 'detail', 'cause']);
  });

  it('of what MQTT.js cannot parse is of kind protocol', () => {
    expect(socketError(broker, 'mqtt', new Error('Invalid header flag bits')).kind).toBe('protocol');
  });

  it('of several addresses tells the first', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:1883'), { code: 'ECONNREFUSED' });
    const cause = Object.assign(new AggregateError([refused]), { code: 'ECONNREFUSED' });
    const error = socketError(broker, 'network', cause);
    expect(error).toMatchObject({ kind: 'refused', detail: `${broker}: connect ECONNREFUSED ::1:1883` });
  });

  it.each([
    [4, 'auth'],
    [5, 'auth'],
    [0x86, 'auth'],
    [0x87, 'auth'],
    [1, 'protocol'],
    [3, 'protocol'],
    [0x88, 'protocol'],
    [0x9d, 'protocol'],
  ] as const)('of a refusal with code %d is of kind %s', (code, kind) => {
    expect(refusalError(broker, code).kind).toBe(kind);
  });

  it('says what the code means', () => {
    expect(refusalError(broker, 0x87).detail).toBe(`${broker} refused: not authorized (0x87)`);
    expect(refusalError(broker, 0xfe).detail).toBe(`${broker} refused: no reason (0xfe)`);
  });

  it('knows both ways to refuse a version', () => {
    expect([1, 0x84].every(isVersionRefusal)).toBe(true);
    expect([0, 2, 4, 0x85].some(isVersionRefusal)).toBe(false);
  });

  it('tells what the broker said when it hung up', () => {
    const detail = `${broker}: the broker hung up: session taken over (0x8e)`;
    expect(endError(broker, 'up', 0x8e)).toMatchObject({ kind: 'closed', code: 'client-id-twice', detail });
    expect(endError(broker, 'tls', undefined).kind).toBe('tls');
    expect(endError(broker, 'mqtt', undefined).detail).toContain('before it answered');
  });
});
