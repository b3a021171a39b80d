import { chmod, copyFile, readFile } from 'node:fs/promises';
import { inject } from 'postject';

/** Where Node.js looks for what was put into it, and the text that says whether there is something. */
const resource = 'NODE_SEA_BLOB';
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Makes a copy of the Node.js at `node` that runs what is in `blob`. */
export async function injectBlob(node: string, blob: string, target: string): Promise<void> {
  await copyFile(node, target);
  await chmod(target, 0o755);
  await inject(target, resource, await readFile(blob), { sentinelFuse });
}
