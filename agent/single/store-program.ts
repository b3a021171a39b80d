import type { ThreadProgram } from '../store/store-program.ts';
import { assetText } from './assets.ts';

/** What the store thread runs. Takes the place of agent/store/store-program.ts. */
export function storeProgram(): ThreadProgram {
  return { code: assetText('parts/store-thread.cjs') };
}
