import type { ConfiguredRow } from './row.ts';

/**
 * What is on a bus cannot be opened before it; and whether a member of an interlock group may be on at boot is known when
 * it is known which others were found on.
 */
export function inOpeningOrder(rows: readonly ConfiguredRow[]) {
  return [rows.filter((row) => !isOpenedLate(row)), rows.filter(isOpenedLate)] as const;
}

function isOpenedLate({ config }: ConfiguredRow): boolean {
  if (config.driver === 'gpio-out') return config.interlock !== undefined && config.safe.boot === true;
  return 'bus' in config;
}
