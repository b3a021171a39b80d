import * as v from 'valibot';
import type { Secret } from '../config.ts';
import { message } from './issue.ts';

// No message here may hold the input: it can be the secret itself. // QN-7.4
const fix = 'put it into a file of its own and write "file:/path/of/it", or name a variable: "env:NAME"';
const forms = 'write "env:NAME", "file:/path/of/it" or "credential:NAME"';

/** Where a password or private key is to be read. */
export const secret = v.pipe(
  v.string(message('a secret must be a reference, found a plain value', fix)),
  v.check((text) => /^(file|env|credential):/.test(text), message('a secret in plain text', fix)),
  v.check(
    (text) => /^(file:\/|env:|credential:)/.test(text),
    message('the file of a secret must be an absolute path', 'write "file:/path/of/it"'),
  ),
  v.regex(
    /^(file:\/.+|env:[A-Za-z_][A-Za-z0-9_]*|credential:[A-Za-z0-9_][A-Za-z0-9_.@-]*)$/,
    message('not the name of a variable or file behind the colon', forms),
  ),
  v.description('`file:/path`, `env:NAME` or `credential:NAME` (of systemd); never the secret itself.'),
  v.transform(parseSecret),
);

function parseSecret(reference: string): Secret {
  const rest = reference.slice(reference.indexOf(':') + 1);
  if (reference.startsWith('file:')) return { from: 'file', path: rest };
  return { from: reference.startsWith('env:') ? 'env' : 'credential', name: rest };
}
