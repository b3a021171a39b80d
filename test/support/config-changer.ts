import { realFiles } from '../../agent/config/generations/file-system.ts';
import { contentOf, type Generation } from '../../agent/config/generations/generation.ts';
import { ConfigKeeper } from '../../agent/config/generations/keeper.ts';

/*
 * node config-changer.ts FOLDER COUNT: makes so many changes of the config kept in that folder, as the agent does. Every
 * third one fails and is taken back. Says `begin N`, and `end N taken|back` when that is durable.
 */
const [folder = '', count = '6'] = process.argv.slice(2);

export function generationOf(version: number): Generation {
  const value = { node: 'pi-1', documents: { [`relay${version}`]: { driver: 'gpio-out', line: `GPIO${version}` } } };
  return { version, vc: { local: version }, origin: 'push', author: 'local', atMs: version, value };
}

export function isTaken(version: number): boolean {
  return version % 3 !== 0;
}

async function changeAll(): Promise<void> {
  const keeper = await ConfigKeeper.open(realFiles, folder);
  let before = keeper.active ?? generationOf(0);
  for (let version = before.version + 1; version <= Number(count); version += 1) {
    const next = generationOf(version);
    const { value, author, origin, atMs } = next;
    process.stdout.write(`begin ${version}\n`);
    await keeper.begin({ to: contentOf(value), version, author, origin, atMs }, next);
    if (isTaken(version)) await keeper.commit(next, before);
    else await keeper.abandon({ status: 'failed', reason: 'rolled-back', rollback: 'restored' });
    if (isTaken(version)) before = next;
    process.stdout.write(`end ${version}\n`);
    await keeper.told();
  }
}

if (folder !== '') await changeAll();
