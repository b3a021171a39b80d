import { chmod, copyFile } from 'node:fs/promises';
import { runTool } from '../run-tool.ts';

/** Where Node.js looks for what was put into it, and the text in it that then says so. */
const resource = 'NODE_SEA_BLOB';
const sentinelFuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Makes a copy of the Node.js at `node` that runs what is in `blob`. By its program, for the library prints as it goes. */
export async function injectBlob(node: string, blob: string, target: string): Promise<void> {
  await copyFile(node, target);
  await chmod(target, 0o755);
  const postject = 'node_modules/postject/dist/cli.js';
  await runTool(process.execPath, [postject, target, resource, blob, '--sentinel-fuse', sentinelFuse]);
}
