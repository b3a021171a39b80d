import { readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { SystemFolders } from './system-folders.ts';

/** Numbers given in the order of plugging in. */
export const unstableName = /^\/dev\/tty(USB|ACM)\d+$/;

/** What to write instead of a name that may mean another device after the next start; undefined for any other name. */
export async function adviseOnName(name: string, { dev }: SystemFolders): Promise<string | undefined> {
  if (!unstableName.test(name)) return undefined;
  const stable = await stableNameOf(path.join(dev, path.basename(name)), path.join(dev, 'serial', 'by-id'));
  const better = stable === undefined ? '{ vendorId: …, productId: … }' : `/dev/serial/by-id/${stable}`;
  return `${name} can be another device after the next start or plugging in; write port: ${better}`;
}

/** The link in `folder` that leads to this device. */
export async function stableNameOf(device: string, folder: string): Promise<string | undefined> {
  const target = await existing(realpath(device));
  for (const name of (await existing(readdir(folder)))?.toSorted() ?? []) {
    const linked = await existing(realpath(path.join(folder, name)));
    if (linked !== undefined && linked === target) return name;
  }
  return undefined;
}

/** Without udev there is no such folder, and a link may dangle for a moment; advice is not worth failing for. */
async function existing<Value>(reading: Promise<Value>): Promise<Value | undefined> {
  try {
    return await reading;
  } catch {
    return undefined; // Then there is no better name to tell.
  }
}
