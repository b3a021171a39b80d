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

export async function openAuthority(folder: string): Promise<Authority> {
  const run = (args: readonly string[]) => promisify(execFile)('openssl', args, { cwd: folder });
  await writeFile(join(folder, 'index.txt'), '');
  await writeFile(join(folder, 'crlnumber'), '01\n');
  await writeFile(join(folder, 'authority.conf'), config);
  return {
    async issue(name, { subject = 'board', host, from, until } = {}) {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      await run(['req', ...key, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`]);
      await writeFile(join(folder, `${name}.names`), host === undefined ? '' : `subjectAltName=DNS:${host}\n`);
      await appendFile(join(folder, `${name}.names`), 'basicConstraints=CA:FALSE\n');
      const days =
        from === undefined ? ['-days', '2'] : ['-startdate', `${from}000000Z`, '-enddate', `${until}000000Z`];
      const signing = ['-config', 'authority.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
      const files = ['-extfile', `${name}.names`, '-in', `${name}.csr`, '-out', `${name}.pem`];
      await run(['ca', '-batch', '-notext', ...days, ...signing, ...files]);
      return { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    },
    async revoke({ cert }) {
      const signing = ['-config', 'authority.conf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
      await run(['ca', ...signing, '-revoke', cert]);
      await run(['ca', ...signing, '-gencrl', '-crldays', '2', '-out', 'revoked.pem']);
      return join(folder, 'revoked.pem');
    },
  };
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
