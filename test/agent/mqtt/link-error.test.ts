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
    expect(socketError(broker, phase, cause)).toEqual(expected);
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
    const farewell = 'session taken over (0x8e)';
    expect(endError(broker, 'up', farewell).detail).toBe(`${broker}: the broker hung up: ${farewell}`);
    expect(endError(broker, 'tls', undefined).kind).toBe('tls');
    expect(endError(broker, 'mqtt', undefined).detail).toContain('before it answered');
  });
});
