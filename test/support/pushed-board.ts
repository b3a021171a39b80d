import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Boots, noBoots } from '../../agent/config/generations/boots.ts';
import { realFiles } from '../../agent/config/generations/file-system.ts';
import { contentOf } from '../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../agent/config/generations/keeper.ts';
import { plainOf } from './config-home.ts';
import { openDoctorRig } from './doctor-rig.ts';

/** A board that was pushed a config, and whose agent does not run. */
export interface PushedBoard extends AsyncDisposable {
  /** Its config file. */
  readonly file: string;
  /** Where it keeps configs. */
  readonly kept: string;
  /** `contentOf` both. */
  readonly content: { readonly file: string; readonly pushed: string };
  /** What is in the config file as well from now on. */
  addToFile(text: string): void;
  rememberBoots(boots: Partial<Boots>): void;
  /** All it keeps of its configs. */
  onDisk(): readonly (readonly string[])[];
}

/** `change`: of what is in the file to what was pushed; by default a line that the board does not have, GPIO99. */
export async function openPushedBoard(
  change = (text: string) => text.replace('GPIO17', 'GPIO99'),
): Promise<PushedBoard> {
  const rig = await openDoctorRig();
  const file = rig.write({});
  const text = readFileSync(file, 'utf8');
  const [written, value] = [plainOf(text), plainOf(change(text))];
  const content = { file: contentOf(written), pushed: contentOf(value) };
  const claim = { version: 3, author: 'alice', origin: 'push', atMs: 0 } as const;
  const state = path.join(rig.folder, 'state');
  const keeper = await ConfigKeeper.open(realFiles, state);
  const next = { ...claim, vc: {}, value, file: content.file };
  await keeper.begin({ to: content.pushed, ...claim }, next);
  await keeper.commit(next, { ...next, version: 2, origin: 'file', value: written });
  await keeper.told();
  const kept = path.join(state, 'config');
  return {
    ...{ file, kept, content },
    addToFile: (more) => writeFileSync(file, `${readFileSync(file, 'utf8')}${more}\n`),
    rememberBoots: (boots) => writeFileSync(path.join(kept, 'boots.json'), JSON.stringify({ ...noBoots, ...boots })),
    onDisk: () => readdirSync(kept).map((name) => [name, readFileSync(path.join(kept, name), 'utf8')]),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
