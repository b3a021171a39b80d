import { ReasonCodes } from 'mqtt';
import type { LinkError, LinkErrorKind, OutboundMessage } from './link.ts';
import { clientIdTwice, failureOfCode, failureOfRefusal, packetTooLarge } from './link-failure.ts';

/** Where a connection was when it broke: it decides what an error means. */
export type ConnectionPhase = 'network' | 'tls' | 'mqtt' | 'up';

const kindsByCode: ReadonlyMap<string, LinkErrorKind> = new Map([
  ['ENOTFOUND', 'dns'],
  ['ENODATA', 'dns'],
  ['ECONNREFUSED', 'refused'],
  ['EHOSTUNREACH', 'refused'],
  ['EHOSTDOWN', 'refused'],
  ['ENETUNREACH', 'refused'],
  ['ENETDOWN', 'refused'],
  ['EADDRNOTAVAIL', 'refused'],
  ['EACCES', 'refused'], // a local firewall
  ['EPERM', 'refused'],
  ['ETIMEDOUT', 'timeout'],
  ['EPROTO', 'tls'],
]);

/** The codes of a failed certificate check have no common prefix. */
const tlsCode =
  /^(ERR_TLS_|ERR_SSL_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_|HOSTNAME_MISMATCH)/;

/** An error of the socket, or of MQTT.js about what came out of it. */
export function socketError(broker: string, phase: ConnectionPhase, cause: unknown): LinkError {
  const { code, message } = describe(cause);
  const failure = message === sizeAnswer ? packetTooLarge : failureOfCode(code);
  return { kind: kindOf(phase, code), detail: `${broker}: ${message}`, ...failure, cause };
}

/** What MQTT.js makes of a PUBACK with 0x95, which the standard does not have there: mosquitto sends it over its message_size_limit. */
const sizeAnswer = 'invalid puback reason code';

/** The connection ended without an error. `farewell` is the code the broker said before, if it did. */
export function endError(broker: string, phase: ConnectionPhase, farewell: number | undefined): LinkError {
  if (farewell !== undefined) {
    const detail = `${broker}: the broker hung up: ${nameCode(farewell)}`;
    return { kind: 'closed', detail, ...failureOfRefusal(farewell) };
  }
  if (phase === 'tls') return { kind: 'tls', detail: `${broker}: the other side hung up during the TLS handshake` };
  const when = phase === 'up' ? '' : ' before it answered';
  return { kind: 'closed', detail: `${broker}: the other side hung up${when}` };
}

/** 3.1.1: bad user or password, not authorized. 5: the same, banned, bad authentication method. */
const authCodes: readonly number[] = [4, 5, 0x86, 0x87, 0x8a, 0x8c];

/** A code of CONNACK. */
export function refusalError(broker: string, code: number): LinkError {
  const kind = authCodes.includes(code) ? 'auth' : 'protocol';
  return { kind, detail: `${broker} refused: ${nameCode(code)}`, ...failureOfRefusal(code) };
}

/** A code of PUBACK, PUBREC and PUBCOMP. */
export function unsaidError(broker: string, topic: string, code: number, cause: Error): LinkError {
  const refusal = refusalError(broker, code);
  const rights = refusal.kind === 'auth' ? { fix: muteFix } : {};
  return { ...refusal, detail: `${broker} refused ${JSON.stringify(topic)}: ${nameCode(code)}`, ...rights, cause };
}

export const muteFix = 'let its user write there, as qn-agent topics --acl mosquitto writes it';

/** A message that is larger than the broker said it takes. */
export function sizeError(broker: string, packetBytesMax: number, { topic, payload }: OutboundMessage): LinkError {
  const detail = `${broker} takes packets of ${packetBytesMax} bytes, the payload for ${topic} has ${payload.byteLength}`;
  return { kind: 'protocol', detail, ...packetTooLarge };
}

/** CONNACK 1 is what a broker answers that knows only 3.1.1, 0x84 one that knows MQTT 5. */
export function isVersionRefusal(code: number): boolean {
  return code === 1 || code === 0x84;
}

/** DISCONNECT says so to the older of two sessions of one client id; only MQTT 5 says it. */
export const takenOverCode = 0x8e;

/** Nothing came back on an open connection, `missesCount` times. */
export function silenceError(broker: string, missesCount: number): LinkError {
  const detail = `${broker}: no answer to ${missesCount} PINGREQ in a row, the connection is open on this side only`;
  return { kind: 'timeout', code: 'half-open', detail };
}

/** Somebody else has our client id, and the two throw each other out. */
export function twinError(broker: string, clientId: string, how: 'taken-over' | 'hung-up'): LinkError {
  const id = JSON.stringify(clientId);
  const detail =
    how === 'taken-over'
      ? `client id ${id} is used twice: another client took the session again and again`
      : `client id ${id} is probably used twice: hung up soon after it let us in, again and again`;
  return { kind: 'closed', detail: `${broker}: ${detail}`, ...clientIdTwice };
}

/** A packet that is larger than we told the broker, or, on 3.1.1, than we could tell it. */
export function packetError(broker: string, packetBytes: number, packetBytesMax: number): LinkError {
  const detail = `${broker} sends a packet of ${packetBytes} bytes, more than the ${packetBytesMax} this side takes`;
  const fix = 'look for a large retained message on the topics of this node, and for who publishes it';
  return { kind: 'protocol', code: 'packet-too-large', detail, fix };
}

/** `not authorized (0x87)` */
export function nameCode(code: number): string {
  const names: Readonly<Record<number, string>> = ReasonCodes;
  const name = lowerFirst(names[code] || 'no reason');
  return `${name} (0x${code.toString(16).padStart(2, '0')})`;
}

function kindOf(phase: ConnectionPhase, code: string): LinkErrorKind {
  const kind = kindsByCode.get(code);
  if (kind !== undefined) return kind;
  if (code.startsWith('EAI_')) return 'dns';
  if (tlsCode.test(code) || phase === 'tls') return 'tls';
  return code === '' ? 'protocol' : 'closed'; // What MQTT.js cannot parse has no code.
}

/** Node says EPROTO and a line of OpenSSL when bytes of ours were waiting, which CONNECT always is. */
const tlsReason = /^write EPROTO .*:SSL routines:[^:]*:([^:]+):/;

function describe(cause: unknown): { code: string; message: string } {
  if (!(cause instanceof Error)) return { code: '', message: String(cause) };
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const [, written] = tlsReason.exec(cause.message) ?? [];
  if (written !== undefined) return { code: alertCode(sslCode(written)), message: `TLS handshake: ${written}` };
  const reason = 'library' in cause && 'reason' in cause ? cause.reason : undefined;
  if (typeof reason === 'string') return { code: alertCode(code), message: `TLS handshake: ${reason}` };
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : undefined; // one per address, much alike
  const message = first instanceof Error ? first.message : cause.message;
  return { code, message: lowerFirst(message || code) };
}

function sslCode(reason: string): string {
  return `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`;
}

/** OpenSSL renamed some of its alerts with version 3.2. */
function alertCode(code: string): string {
  return code.replace('ERR_SSL_SSL/TLS_ALERT_', 'ERR_SSL_SSLV3_ALERT_');
}

/** Leaves the names of system calls, codes and protocols alone. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]+\b/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
