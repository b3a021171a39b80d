import * as v from 'valibot';
import { parseBrokerUrl } from '../../mqtt/broker-endpoint.ts';
import type { BrokerConfig } from '../config.ts';
import { message, quote } from './issue.ts';
import { absolutePath, integer, text } from './scalar.ts';
import { secret } from './secret.ts';
import { section } from './section.ts';

const example = 'for example mqtts://broker.example:8883';
const portOfProtocol: { readonly [protocol: string]: string } = { 'mqtt:': '1883', 'mqtts:': '8883' };

const url = v.pipe(
  v.string(message('expected the URL of a broker', example)),
  // First of all, and without the URL in the message: it holds a password.
  v.check(
    (text) => !text.includes('@'),
    message('user and password do not belong into the URL', 'write them as mqtt: { username, password: "file:…" }'),
  ),
  v.check(isOneWordUrl, ({ input }) => message(`not a URL: ${quote(input)}`, example)),
  v.check(
    (text) => new URL(text).protocol in portOfProtocol,
    ({ input }) => message(`not a broker this version can reach: ${quote(input)}`, 'mqtt:// or mqtts://'),
  ),
  v.check(
    (text) => parseBrokerUrl(text) !== undefined,
    ({ input }) => message(`only host and port belong into the URL: ${quote(input)}`, example),
  ),
  v.description('`mqtt://host:port` or, with TLS, `mqtts://host:port`.'),
  v.transform(withPort),
);

const fields = section(
  {
    url,
    weight: v.optional(
      v.pipe(integer('a weight', 1, 1_000), v.description('Times its health (0 to 1): the highest is used.')),
      1,
    ),
    ca: v.optional(v.pipe(absolutePath('the ca file'), v.description('PEM; absent: what the system trusts.'))),
    cert: v.optional(v.pipe(absolutePath('the cert file'), v.description('PEM; the certificate of this node.'))),
    key: v.optional(secret),
    crl: v.optional(v.pipe(absolutePath('the crl file'), v.description('PEM; certificates that were revoked.'))),
    servername: v.optional(
      v.pipe(text('a server name', 253), v.description('The name in the certificate of the broker, if not the host.')),
    ),
    alpn: v.optional(
      v.pipe(text('an ALPN protocol', 255), v.description('Asked for in the handshake; for brokers behind port 443.')),
    ),
    'min-version': v.optional(
      v.pipe(
        v.picklist(['1.2', '1.3', 1.2, 1.3], message('expected 1.2 or 1.3', 'min-version: 1.3')),
        v.description('The oldest TLS that is spoken.'),
        v.transform((version) => (`${version}` === '1.3' ? '1.3' : '1.2')),
      ),
      '1.2',
    ),
    'receive-maximum': v.optional(
      v.pipe(
        integer('a number of messages', 1, 65_535),
        v.description('Unacknowledged messages it takes at a time; with MQTT 5 a broker says so itself.'),
      ),
    ),
  },
  { example: { url: 'url: mqtts://broker.example:8883' } },
);

export const broker = v.pipe(
  fields,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { url: address, ca, cert, key, crl, servername, alpn } = dataset.value;
    const isPlain = !address.startsWith('mqtts:');
    if (isPlain && (ca ?? cert ?? key ?? crl ?? servername ?? alpn) !== undefined) {
      addIssue({ message: message(`${address} has no TLS, so ca, cert and key do nothing`, 'write mqtts://') });
    } else if (crl !== undefined && ca === undefined) {
      addIssue({ message: message('a crl needs the ca that signed it', 'write ca as well') });
    } else if ((cert === undefined) !== (key === undefined)) {
      addIssue({ message: message(`${cert === undefined ? 'cert' : 'key'} is missing`, 'cert and key go together') });
    }
  }),
  v.transform(
    ({ url: address, weight, ca, cert, key, crl, servername, alpn, ...more }): BrokerConfig => ({
      url: address,
      weight,
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
      ...(crl !== undefined && { crl }),
      ...(servername !== undefined && { servername }),
      ...(alpn !== undefined && { alpn }),
      ...(more['min-version'] === '1.3' && { minVersion: more['min-version'] }),
      ...(more['receive-maximum'] !== undefined && { receiveMaximum: more['receive-maximum'] }),
    }),
  ),
);

function isOneWordUrl(text: string): boolean {
  return /^[!-~]{1,512}$/.test(text) && /^[a-z]+:\/\//.test(text) && URL.canParse(text);
}

function withPort(text: string): string {
  const { protocol, hostname, port } = new URL(text);
  return `${protocol}//${hostname}:${port || portOfProtocol[protocol]}`;
}
