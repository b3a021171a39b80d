import * as v from 'valibot';
import { kidBytesMax, trustedKeysMax } from '../../trust/limits.ts';
import { roles, type TrustedKey } from '../../trust/token.ts';
import type { Config } from '../config.ts';
import { controlEntries } from './common.ts';
import { message, quote } from './issue.ts';
import { choice, listOf, text } from './scalar.ts';
import { section } from './section.ts';

const kid = v.pipe(
  text('the name of a key', kidBytesMax),
  v.check(
    (name) => /^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test(name),
    ({ input }) =>
      message(`not the name of a key: ${quote(input)}`, 'letters, digits, - _ and . as `qnctl keys new NAME` takes it'),
  ),
);

// No message here may hold the input: somebody may have pasted the private half.
const publicKey = v.pipe(
  v.string(message('expected a public key', 'copy the line that `qnctl keys list` prints')),
  v.check(
    (key) => /^[\w-]{43}$/.test(key) && Buffer.from(key, 'base64url').toString('base64url') === key,
    message(
      'not the public half of an Ed25519 key (43 letters of base64url)',
      'copy the line that `qnctl keys list` prints',
    ),
  ),
  v.description('Public half, Ed25519, 32 bytes as base64url.'),
);

const expires = v.pipe(
  v.string(message('expected a day', 'expires: 2027-12-31')),
  v.check(isDay, ({ input }) => message(`not a day: ${quote(input)}`, 'expires: 2027-12-31')),
  v.description('The first day, in UTC, on which its signatures count no longer.'),
  v.transform((day) => Date.parse(`${day}T00:00:00Z`)),
);

const trustedKey = v.pipe(
  section(
    {
      kid: v.pipe(kid, v.description('Its name; the one in the header of what it signs.')),
      key: publicKey,
      roles: v.pipe(
        listOf(choice(roles), 'roles', roles.length),
        v.minLength(1, message('a key that is trusted for nothing', `roles: [${roles.join(', ')}]`)),
        v.description('What it may sign; `trust`: also configs that change these keys.'),
      ),
      author: v.optional(
        v.pipe(kid, v.description('Who counts on in the clock vector; default: the name of the key.')),
      ),
      expires: v.optional(expires),
    },
    { example: { roles: 'roles: [config, trust]' } },
  ),
  v.transform(
    ({ kid: name, key, roles: taken, author, expires: expiresMs }): TrustedKey => ({
      kid: name,
      key,
      roles: [...new Set(taken)],
      author: author ?? name,
      ...(expiresMs !== undefined && { expiresMs }),
    }),
  ),
);

/** Documents that every board has, and that take commands; who may push a config is said by the keys. */
const ownControl = v.pipe(
  section({
    log: v.optional(v.pipe(controlEntries, v.description('Who may change how much is logged.'))),
    selftest: v.optional(v.pipe(controlEntries, v.description('Who may order a self-test; a loopback moves lines.'))),
  }),
  v.description(
    'Who may command these documents of the agent itself, as in `control` of a document. Absent: everybody.',
  ),
);

export const trustSection = v.pipe(
  section({
    control: v.optional(ownControl),
    keys: v.optional(
      v.pipe(
        listOf(trustedKey, 'keys', trustedKeysMax),
        v.checkItems(
          (key, index, keys) => keys.findIndex((other) => other.kid === key.kid) === index,
          message('two keys of the same name', 'give each a kid of its own'),
        ),
        v.description('Whose signatures count on this board.'),
      ),
      [],
    ),
  }),
  v.description('Who may change this board over the air.'),
  v.transform(({ keys, control }): Config['trust'] => {
    if (control === undefined) return { keys };
    const { log, selftest } = control;
    return { keys, control: { ...(log !== undefined && { log }), ...(selftest !== undefined && { selftest }) } };
  }),
);

function isDay(input: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(input)) return false;
  const ms = Date.parse(`${input}T00:00:00Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(input);
}
