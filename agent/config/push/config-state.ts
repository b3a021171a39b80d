import type { Value } from '../../qn/message.ts';
import { contentOf, type Generation } from '../generations/generation.ts';
import type { ChangeRecord } from '../generations/record.ts';
import { configHistoryToldMax } from '../limits.ts';
import { isPlainMap } from '../plain-map.ts';

export interface ConfigStanding {
  readonly running: Generation;
  /** Of the config with its defaults, as in health. */
  readonly hash: string;
  readonly history: readonly ChangeRecord[];
  readonly previous: Generation | undefined;
}

/**
 * The value of `state/config` (QN-7.4): what runs, as it was written, so secrets are references. Where that does not fit
 * into a message of this board, its groups alone: who pushes to a group knows its nodes by them.
 */
export function valueOfConfig({ running, hash, history, previous }: ConfigStanding, bytesMax: number): Value {
  const { version, vc, author, origin, atMs, value } = running;
  const standing = {
    ...{ version, hash, content: contentOf(value), vc, author, origin, at: atMs },
    previous: previous === undefined ? null : previous.version,
    history: history.slice(-configHistoryToldMax).map(valueOfRecord),
  };
  const bytes = Buffer.byteLength(JSON.stringify({ ...standing, config: value }));
  if (bytes <= bytesMax) return { ...standing, config: value };
  const groups = isPlainMap(value) ? (value['groups'] ?? []) : [];
  return { ...standing, config: null, config_bytes: bytes, groups };
}

export function valueOfRecord({ version, author, origin, atMs, status, reason, detail, rollback }: ChangeRecord): {
  readonly [key: string]: Value;
} {
  return {
    ...{ version, author, origin, at: atMs, status },
    ...(reason !== undefined && { reason }),
    ...(detail !== undefined && { detail: detail.slice(0, 200) }),
    ...(rollback !== undefined && { rollback }),
  };
}
