import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificates extends AsyncDisposable {
  readonly folder: string;
  /** PEM texts of the files `ca.pem`, `server.pem`, `server.key`, `client.pem`, `client.key` in the folder. */
  readonly pem: { readonly [name in (typeof names)[number]]: string };
}

const names = ['ca.pem', 'server.pem', 'server.key', 'client.pem', 'client.key'] as const;

/** An authority made just now, a server certificate for `localhost` and a client certificate, by openssl. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'certificates-'));
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const openssl = (args: readonly string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  await openssl(['req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority']);
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost\n');
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=board'],
  ] as const) {
    await openssl(['req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject]);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
    await openssl(['x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing]);
  }
  const read = (name: string) => readFile(join(folder, name), 'utf8');
  const [ca, serverPem, serverKey, clientPem, clientKey] = await Promise.all(names.map(read));
  return {
    folder,
    pem: {
      'ca.pem': ca!,
      'server.pem': serverPem!,
      'server.key': serverKey!,
      'client.pem': clientPem!,
      'client.key': clientKey!,
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
