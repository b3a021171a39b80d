import { isPlainMap } from '../plain-map.ts';
import { tryParseJson } from '../try-parse-json.ts';

/** Who asked for a change over the air, so that the answer can be given after a restart as well. */
export interface Asked {
  readonly source: string;
  /** Decimal. */
  readonly id: string;
  readonly replyTopic?: string;
}

/** A change that is under way: written before the first byte of it, and taken away last. */
export interface PendingChange {
  /** Content of the config to come, and of the one that ran before. */
  readonly to: string;
  readonly version: number;
  readonly author: string;
  readonly origin: string;
  readonly atMs: number;
  readonly asked?: Asked;
}

/** How a change ended. */
export interface ChangeRecord extends PendingChange {
  readonly status: 'successful' | 'failed';
  readonly reason?: string;
  readonly detail?: string;
  readonly rollback?: 'restored' | 'failed' | 'not-needed';
}

export function encodePending(pending: PendingChange): string {
  return `${JSON.stringify(pending)}\n`;
}

export function decodePending(text: string): PendingChange | undefined {
  const parsed = tryParseJson(text);
  return isPending(parsed) ? parsed : undefined;
}

export function encodeRecords(records: readonly ChangeRecord[]): string {
  return `${JSON.stringify({ format: 1, changes: records })}\n`;
}

export function decodeRecords(text: string): readonly ChangeRecord[] {
  const parsed = tryParseJson(text);
  const listed: readonly unknown[] = isPlainMap(parsed) && Array.isArray(parsed['changes']) ? parsed['changes'] : [];
  return listed.filter(isRecord);
}

/** Whether the two are about the same change. */
export function isSameChange(left: PendingChange, right: PendingChange): boolean {
  return left.to === right.to && left.version === right.version && left.atMs === right.atMs;
}

function isPending(input: unknown): input is PendingChange {
  if (!isPlainMap(input)) return false;
  const { to, version, author, origin, atMs, asked } = input;
  const isNamed = typeof to === 'string' && typeof author === 'string' && typeof origin === 'string';
  return isNamed && typeof version === 'number' && typeof atMs === 'number' && (asked === undefined || isAsked(asked));
}

function isAsked(input: unknown): input is Asked {
  if (!isPlainMap(input)) return false;
  const { source, id, replyTopic } = input;
  const isNamed = typeof source === 'string' && typeof id === 'string' && /^\d{1,20}$/.test(id);
  return isNamed && (replyTopic === undefined || typeof replyTopic === 'string');
}

function isRecord(input: unknown): input is ChangeRecord {
  if (!isPlainMap(input)) return false;
  const { status, reason = '', detail = '', rollback = '' } = input;
  const isText = [reason, detail, rollback].every((text) => typeof text === 'string');
  return isText && (status === 'successful' || status === 'failed') && isPending(input);
}
