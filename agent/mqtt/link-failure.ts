import type { LinkErrorCode } from './link.ts';

/** What we know about a failure beyond its kind. */
export interface LinkFailure {
  readonly code: LinkErrorCode;
  readonly fix: string;
}

const nameUnknown: LinkFailure = { code: 'name-unknown', fix: 'check the host in mqtt.brokers' };
const nameServerSilent: LinkFailure = { code: 'name-server-silent', fix: 'check /etc/resolv.conf and the network' };
const untrusted: LinkFailure = {
  code: 'certificate-untrusted',
  fix: 'write the authority of the broker as `ca` of this broker',
};
const demanded: LinkFailure = {
  code: 'certificate-demanded',
  fix: 'the broker wants a certificate of this node: write `cert` and `key` of this broker, and check that it trusts them',
};
const anotherHost: LinkFailure = {
  code: 'certificate-for-another-host',
  fix: 'write the broker by a name that is in its certificate',
};
const plainPort: LinkFailure = {
  code: 'tls-to-a-plain-port',
  fix: 'the port does not speak TLS: write mqtt://, or the port for TLS, mostly 8883',
};
const notYetValid: LinkFailure = {
  code: 'certificate-not-yet-valid',
  fix: 'the clock of this board is probably behind: check `timedatectl`; it goes on trying meanwhile',
};
const expired: LinkFailure = {
  code: 'certificate-expired',
  fix: 'renew the certificate, or, when the clock of this board is ahead, set it: check `timedatectl`',
};

const revoked: LinkFailure = {
  code: 'certificate-revoked',
  fix: 'get a new certificate and put it in the place of the old one; the next attempt uses it',
};
const keyMismatch: LinkFailure = {
  code: 'key-mismatch',
  fix: 'put the key that belongs to the certificate beside it; the next attempt uses it',
};
const tlsVersion: LinkFailure = {
  code: 'tls-version',
  fix: 'let the broker speak TLS 1.2 or 1.3, or lower `min-version` of this broker',
};
const alpnRefused: LinkFailure = {
  code: 'alpn-refused',
  fix: 'write as `alpn` of this broker what it asks for, or remove it',
};
const notPem: LinkFailure = {
  code: 'credentials-unreadable',
  fix: 'look at ca, cert, crl and key of this broker: one of them is damaged or of another kind',
};

/** Codes of system calls, of c-ares and of OpenSSL, as Node names them. */
const failuresByCode: ReadonlyMap<string, LinkFailure> = new Map([
  ['ENOTFOUND', nameUnknown],
  ['ENODATA', nameUnknown],
  ['EAI_AGAIN', nameServerSilent],
  ['CERT_NOT_YET_VALID', notYetValid],
  ['CRL_NOT_YET_VALID', notYetValid],
  ['CERT_HAS_EXPIRED', expired],
  ['CRL_HAS_EXPIRED', expired],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', expired],
  ['ERR_TLS_CERT_ALTNAME_INVALID', anotherHost],
  ['HOSTNAME_MISMATCH', anotherHost],
  ['CERT_UNTRUSTED', untrusted],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', untrusted],
  ['SELF_SIGNED_CERT_IN_CHAIN', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT', untrusted],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', untrusted],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', untrusted],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', demanded],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', demanded],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', demanded],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', demanded],
  ['CERT_REVOKED', revoked],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED', revoked],
  ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', keyMismatch],
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', tlsVersion],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', tlsVersion],
  ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', alpnRefused],
  ['ERR_OSSL_PEM_NO_START_LINE', notPem],
  ['ERR_OSSL_PEM_BAD_END_LINE', notPem],
  ['ERR_OSSL_PEM_BAD_BASE64_DECODE', notPem],
  ['ERR_OSSL_UNSUPPORTED', notPem],
  ['ERR_OSSL_WRONG_TAG', notPem],
  ['ERR_SSL_WRONG_VERSION_NUMBER', plainPort],
  ['ERR_SSL_PACKET_LENGTH_TOO_LONG', plainPort],
]);

const badCredentials: LinkFailure = { code: 'bad-credentials', fix: 'check mqtt.username and mqtt.password' };
const notAuthorized: LinkFailure = {
  code: 'not-authorized',
  fix: 'let this user and client id in at the broker, or check mqtt.username, mqtt.password and mqtt.client-id',
};
const clientIdRefused: LinkFailure = {
  code: 'client-id-refused',
  fix: 'choose another mqtt.client-id; some brokers take 23 letters and digits at most',
};
const busy: LinkFailure = { code: 'broker-busy', fix: 'look at the load of the broker; it goes on trying meanwhile' };
export const packetTooLarge: LinkFailure = {
  code: 'packet-too-large',
  fix: 'let the broker take larger messages: max_packet_size, or message_size_limit, of mosquitto',
};
const noRetaining: LinkFailure = {
  code: 'no-retaining',
  fix: 'let the broker retain messages (retain_available of mosquitto): state and health of a node are retained',
};
const noQos1: LinkFailure = {
  code: 'no-qos-1',
  fix: 'let the broker take QoS 1 (max_qos of mosquitto): commands are acknowledged with it',
};
export const clientIdTwice: LinkFailure = {
  code: 'client-id-twice',
  fix: 'give every node a name of its own, or its own mqtt.client-id',
};

/** Codes of CONNACK in 3.1.1 (below 0x80) and of MQTT 5. */
const failuresByRefusal: ReadonlyMap<number, LinkFailure> = new Map([
  [2, clientIdRefused],
  [3, busy],
  [4, badCredentials],
  [5, notAuthorized],
  [0x85, clientIdRefused],
  [0x86, badCredentials],
  [0x87, notAuthorized],
  [0x88, busy],
  [0x89, busy],
  [0x8a, notAuthorized],
  [0x8c, notAuthorized],
  [0x8e, clientIdTwice],
  [0x95, packetTooLarge],
  [0x97, busy],
  [0x9a, noRetaining],
  [0x9b, noQos1],
  [0x9f, busy],
]);

export function failureOfCode(code: string): LinkFailure | undefined {
  return failuresByCode.get(code);
}

export function failureOfRefusal(code: number): LinkFailure | undefined {
  return failuresByRefusal.get(code);
}
