import { mkdir, open, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { codeOf } from '../../drivers/system-error.ts';
import { nearestName } from '../config/nearest.ts';
import { formatKey, isKeyName, makeKey, readKeyFile, type SigningKey } from '../trust/key-file.ts';
import { type Role, roles } from '../trust/token.ts';
import { type Action, runAction } from './actions.ts';
import { keyFolderOf } from './signing.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption, type Verb } from './verb.ts';

const actions: readonly Action[] = [
  { name: 'new', operands: 'NAME', run: makeNew },
  { name: 'list', operands: '', run: list },
];

export const keysVerb: Verb = {
  name: 'keys',
  operands: 'new NAME | list',
  operandCounts: { min: 1, max: 2 },
  summary: 'Makes keys to sign with, and prints what a board must be told to trust them.',
  options: {
    folder: { type: 'string', placeholder: 'DIR', help: 'where they are (default $QN_KEYS or ~/.config/qn/keys)' },
    roles: { type: 'string', placeholder: 'ROLE,…', help: `of: ${roles.join(', ')} (default config,trust)` },
    json: { type: 'boolean', help: 'one JSON object a line' },
  },
  examples: ['qnctl keys new ops-2026', 'qnctl keys new panel --roles actuate', 'qnctl keys list'],
  exits: {
    0: 'done',
    65: 'a key of that name is there already, or a file is no key',
    74: 'the folder cannot be written',
  },
  busy: 'making a key',
  run: (context, operands, options) => runAction('keys', actions, context, operands, options),
};

async function makeNew(context: CliContext, [name = '']: readonly string[], options: OptionValues): Promise<ExitCode> {
  const wanted = rolesOf(options);
  if (!isKeyName(name) || typeof wanted === 'string') {
    context.err(`qnctl keys: ${typeof wanted === 'string' ? wanted : 'a name has letters, digits, - _ and .'}`);
    return exitCodes.usage;
  }
  const folder = keyFolderOf(context.env, options);
  const file = path.join(folder, `${name}.key`);
  const key = makeKey(name);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeOnce(file, formatKey(key));
  } catch (error) {
    const isThere = codeOf(error) === 'EEXIST';
    const detail = isThere ? `${file} is there already; choose another name` : String(error);
    context.err(`qnctl keys: ${detail}`);
    return isThere ? exitCodes.data : exitCodes.io;
  }
  context.err(`${file}: the private half; whoever has it commands every board that trusts it`);
  if (isSet(options, 'json')) context.out(JSON.stringify({ kid: name, key: key.x, roles: wanted, file }));
  else context.out(`trust:\n  keys:\n    - ${entryOf(key, wanted)}`);
  return exitCodes.ok;
}

/** Never over another key, and on the disk before it is said that it is there. */
async function writeOnce(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (cause) {
    await rm(file).catch(() => {}); // Half a key would be in the way of the next try; whoever asked is told why.
    throw cause;
  }
}

function entryOf({ kid, x }: SigningKey, wanted: readonly Role[]): string {
  return `{ kid: ${kid}, key: "${x}", roles: [${wanted.join(', ')}] }`;
}

async function list(context: CliContext, _: readonly string[], options: OptionValues): Promise<ExitCode> {
  const folder = keyFolderOf(context.env, options);
  const names = await readdir(folder).catch(() => []);
  const files = names.filter((name) => name.endsWith('.key')).toSorted();
  if (files.length === 0) context.err(`qnctl keys: none in ${folder}; make one with: qnctl keys new NAME`);
  let code: ExitCode = exitCodes.ok;
  for (const name of files) {
    const file = path.join(folder, name);
    const key = await readKeyFile(file);
    if (!key.ok) {
      context.err(`qnctl keys: ${key.error}`);
      code = exitCodes.data;
    } else if (isSet(options, 'json')) context.out(JSON.stringify({ kid: key.value.kid, key: key.value.x, file }));
    else context.out(`${key.value.kid}  ${key.value.x}  ${file}`);
  }
  return code;
}

function rolesOf(options: OptionValues): readonly Role[] | string {
  const names = (textOption(options, 'roles') ?? 'config,trust').split(',').map((name) => name.trim());
  const wanted = roles.filter((role) => names.includes(role));
  const strange = names.find((name) => !roles.some((role) => role === name));
  if (strange === undefined) return wanted;
  const nearest = nearestName(strange, roles);
  return `no role ${JSON.stringify(strange)}; ${nearest === undefined ? `there are ${roles.join(', ')}` : `did you mean ${nearest}?`}`;
}
