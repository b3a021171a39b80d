import { execFile } from 'node:child_process';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Certificates beyond the ordinary ones, of the authority that `makeCertificates` left in a folder. */
export interface Authority {
  /** Writes `<name>.pem` and `<name>.key` (0600). */
  issue(name: string, options?: IssueOptions): Promise<Issued>;
  /** The list of revoked certificates, with this one on it; its file. */
  revoke(issued: Issued): Promise<string>;
}

interface IssueOptions {
  /** Default `board`. */
  readonly subject?: string;
  /** A name in the certificate. */
  readonly host?: string;
  /** `20990101`; default: two days from now on. */
  readonly from?: string;
  readonly until?: string;
}

interface Issued {
  readonly cert: string;
  readonly key: string;
}

async function prepare(folder: string) {
  const run = (args: readonly string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  await writeFile(join(folder, 'index.txt'), '');
  await writeFile(join(folder, 'crlnumber'), '01\n');
  await writeFile(join(folder, 'authority.conf'), config);
  const sign = async (request: string, names: string, days: readonly string[], file: string) => {
    await run(['ca', '-batch', '-notext', ...days, ...signing, '-extfile', names, '-in', request, '-out', file]);
    return join(folder, file);
  };
  return { run, sign };
}

/** The certificate of the server again, valid only from and until the given days (`20990101`); the name of the file. */
export async function signForDays(folder: string, from: string, until: string): Promise<string> {
  const { sign } = await prepare(folder);
  return await sign('server.csr', 'names', between(from, until), `server-${from}.pem`);
}

export async function openAuthority(folder: string): Promise<Authority> {
  const { run, sign } = await prepare(folder);
  return {
    async issue(name, { subject = 'board', host, from, until } = {}) {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      await run(['req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`]);
      await writeFile(join(folder, `${name}.names`), host === undefined ? '' : `subjectAltName=DNS:${host}\n`);
      await appendFile(join(folder, `${name}.names`), 'basicConstraints=CA:FALSE\n');
      const days = from === undefined ? ['-days', '2'] : between(from, until);
      const cert = await sign(`${name}.csr`, `${name}.names`, days, `${name}.pem`);
      return { cert, key: join(folder, `${name}.key`) };
    },
    async revoke({ cert }) {
      await run(['ca', ...signing, '-revoke', cert]);
      await run(['ca', ...signing, '-gencrl', '-crldays', '2', '-out', 'revoked.pem']);
      return join(folder, 'revoked.pem');
    },
  };
}

const signing = ['-config', 'authority.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];

function between(from: string, until = ''): readonly string[] {
  return ['-startdate', `${from}000000Z`, '-enddate', `${until}000000Z`];
}

const config = `[ca]
default_ca = here
[here]
database = index.txt
serial = ca.srl
crlnumber = crlnumber
new_certs_dir = .
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
`;
