import * as v from 'valibot';
import { message, quote } from '../../../agent/config/schema/issue.ts';
import { choice, listOf, text } from '../../../agent/config/schema/scalar.ts';
import { mapOf, section } from '../../../agent/config/schema/section.ts';
import { addressingEntries, gatewayMessage, hasFittingGateway } from './addressing.ts';

/** Bounds of what a card may say. A certificate chain has some 8 kB. */
export const cardBytesMax = 256 * 1_024;
const keysMax = 32;
const fileBytesMax = 64 * 1_024;

const passphrase = v.pipe(
  v.string(message('expected the password of the network', 'put it in quotes')),
  v.check((input) => /^[\x20-\x7e]{8,63}$/.test(input), 'a Wi-Fi password has 8 to 63 characters, all of them ASCII'),
);

const country = v.pipe(
  text('the country', 2),
  v.check((input) => /^[A-Z]{2}$/.test(input), message('expected two capital letters', 'country: DE')),
);

const sshKey = v.pipe(
  text('an SSH key', 8_192),
  v.check(
    (input) => /^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]+=* ?.*$/.test(input),
    message('not a public SSH key', 'the line of a .pub file, in quotes'),
  ),
);

const fileName = v.pipe(
  v.string(),
  v.check(
    (input) => /^[a-z0-9][a-z0-9._-]{0,62}$/i.test(input),
    ({ input }) => message(`not a file name: ${quote(input)}`, 'letters, digits, ., - and _'),
  ),
);

const fileText = v.pipe(
  v.string(message('expected the text of the file', 'put it in quotes, or write | and indent what follows')),
  v.maxBytes(fileBytesMax, `longer than ${fileBytesMax} bytes`),
);

/** What stands under `board:` in the file on the card. It is about the board; everything else is the agent's. */
export const boardSection = section(
  {
    wired: v.optional(
      v.pipe(
        section(addressingEntries),
        v.check((input) => hasFittingGateway(input), gatewayMessage),
      ),
    ),
    wifi: v.optional(
      v.pipe(
        section(
          {
            ssid: text('the name of the network', 32),
            password: v.optional(passphrase),
            country,
            ...addressingEntries,
          },
          { example: { ssid: 'ssid: "the name of the network"', country: 'country: DE' } },
        ),
        v.check((input) => hasFittingGateway(input), gatewayMessage),
      ),
    ),
    'ssh-keys': v.optional(listOf(sshKey, 'keys', keysMax), []),
    files: v.optional(mapOf(fileName, fileText), {}),
    root: v.optional(choice(['writable', 'read-only']), 'writable'),
  },
  { instead: { hostname: 'the board is called what node says', password: 'there is no login but by ssh-keys' } },
);

export type BoardSection = v.InferOutput<typeof boardSection>;
