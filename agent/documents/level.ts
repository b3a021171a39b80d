import type { Level } from '../../drivers/contract/digital.ts';

/** The only place where active-low is turned into an electrical level. */
export function levelOf(config: { readonly active: 'high' | 'low' }, on: boolean): Level {
  return on === (config.active === 'high') ? 1 : 0;
}
