import { assetText } from './assets.ts';

/** Files for HTTP. Takes the place of agent/observe/beside-parts.ts. */
export async function readBesideParts(file: string): Promise<string> {
  return assetText(`parts/${file}`);
}
