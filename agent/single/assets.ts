/** What was put into the single executable beside the program itself. Its own memory, mapped from the file of the program. */
export function assetBytes(name: string): Uint8Array | undefined {
  const sea = process.getBuiltinModule('node:sea');
  return sea.getAssetKeys().includes(name) ? new Uint8Array(sea.getRawAsset(name)) : undefined;
}

/** Throws where there is none: the build puts in what is asked for. */
export function assetText(name: string): string {
  return process.getBuiltinModule('node:sea').getAsset(name, 'utf8');
}
