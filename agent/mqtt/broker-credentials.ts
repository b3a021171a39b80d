import { describeError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BrokerConfig } from '../config/config.ts';
import type { Env } from '../config/env.ts';
import { readTextNow } from '../config/read-text.ts';
import { readSecret } from '../config/secret.ts';
import { crypto } from '../late-modules.ts';
import { secretBytesMax } from '../limits.ts';
import type { BrokerTls } from './broker-endpoint.ts';
import type { LinkError } from './link.ts';

/** What a connection to one broker needs besides its address; asked anew for every connection. */
export interface BrokerCredentials {
  /** The files as they are at this moment. Fails with what to do about the one that cannot be used. */
  read(): Result<BrokerTls, Pick<LinkError, 'detail' | 'code' | 'fix'>>;
  /** When the certificate of this node ends, ms since 1970; undefined when it has none, or none that can be read. */
  ownEndMs(): number | undefined;
}

/** From the files a config names. They may be replaced at any time: the next connection uses the new ones. */
export function createBrokerCredentials(broker: BrokerConfig, env: Env): BrokerCredentials {
  const { ca, crl, cert, key, servername, alpn, minVersion } = broker;
  let known: { readonly pem: string; readonly endMs: number | undefined } | undefined;
  return {
    read() {
      const files = { ca: readPem(ca), crl: readPem(crl), cert: readPem(cert) };
      const ownKey = key === undefined ? undefined : readSecret(key, env);
      for (const file of Object.values(files)) if (file?.ok === false) return file;
      if (ownKey?.ok === false) {
        const { fix, ...rest } = ownKey.error;
        return fail({ code: 'credentials-unreadable', detail: describeError(rest), ...(fix !== undefined && { fix }) });
      }
      return ok({
        ...(files.ca?.ok && { ca: files.ca.value }),
        ...(files.crl?.ok && { crl: files.crl.value }),
        ...(files.cert?.ok && { cert: files.cert.value }),
        ...(ownKey?.ok && { key: ownKey.value }),
        ...(servername !== undefined && { servername }),
        ...(alpn !== undefined && { alpn }),
        ...(minVersion !== undefined && { minVersion }),
      });
    },
    ownEndMs() {
      const read = readPem(cert);
      if (read === undefined || !read.ok) return undefined;
      if (known?.pem !== read.value) known = { pem: read.value, endMs: endOf(read.value) };
      return known.endMs;
    },
  };
}

function readPem(path: string | undefined): ReturnType<typeof readNeeded> | undefined {
  return path === undefined ? undefined : readNeeded(path);
}

function readNeeded(path: string): Result<string, Pick<LinkError, 'detail' | 'code' | 'fix'>> {
  const read = readTextNow(path, secretBytesMax);
  if (read.ok && read.value.text.includes('-----BEGIN ')) return ok(read.value.text);
  const { message, fix = 'put a PEM file there; it is read again at the next attempt' } = read.ok
    ? { message: 'not PEM: no line with BEGIN in it' }
    : read.error;
  return fail({ code: 'credentials-unreadable', detail: `${path}: ${message}`, fix });
}

function endOf(pem: string): number | undefined {
  try {
    const { X509Certificate } = crypto();
    return new X509Certificate(pem).validToDate.getTime();
  } catch {
    return undefined; // The handshake will say what is wrong with it.
  }
}
