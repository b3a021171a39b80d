import type { LinkError, LinkErrorCode, LinkErrorKind } from '../mqtt/link.ts';

const byCode: ReadonlyMap<LinkErrorCode, string> = new Map([
  ['name-unknown', 'check the host in --url'],
  ['certificate-untrusted', 'name who vouches for the broker with --ca FILE'],
  ['certificate-for-another-host', 'write --url with a name that is in its certificate'],
  ['certificate-demanded', 'the broker wants a certificate that it trusts: --cert FILE --cert-key FILE'],
  ['certificate-expired', 'renew the certificate, or set the clock of this machine'],
  ['certificate-not-yet-valid', 'the clock of this machine is probably behind'],
  ['key-mismatch', 'give --cert and --cert-key that belong together'],
  ['tls-to-a-plain-port', 'the port does not speak TLS: write mqtt:// in --url, or the port for TLS, mostly 8883'],
  ['bad-credentials', 'check --username and --password'],
  [
    'not-authorized',
    'say who you are with --username NAME --password file:PATH, or check both, or have the broker let you in',
  ],
]);

const otherBroker = 'is the broker there? --url or QN_URL says which one is asked';

const byKind: ReadonlyMap<LinkErrorKind, string> = new Map([
  ['dns', 'check the host in --url'],
  ['refused', otherBroker],
  ['timeout', otherBroker],
]);

/** What a person can type about a broker that is of no use; what a board can do stands in mqtt/link-failure.ts. */
export function brokerAdvice(url: string, { kind, code, fix }: LinkError): string | undefined {
  if (code !== undefined) return byCode.get(code) ?? fix;
  const isTls = url.startsWith('mqtts:');
  if (kind === 'closed' && !isTls) return 'is it a port for TLS? then write mqtts:// in --url';
  if (kind === 'tls' && isTls) return 'is it a port without TLS? then write mqtt:// in --url';
  return byKind.get(kind) ?? fix;
}
