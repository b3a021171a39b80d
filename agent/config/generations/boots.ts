import { failedBootsMax, failedConfigsMax } from '../limits.ts';
import { isPlainMap } from '../plain-map.ts';
import { tryParseJson } from '../try-parse-json.ts';

/** What is remembered from boot to boot about configs that may bring the board down. */
export interface Boots {
  /** Content of the config that was booted last, or was taken since and ran for long enough. */
  readonly content: string;
  /** Boots with it in a row that did not come to their healthy mark. */
  readonly count: number;
  /** Of the kernel; another one means that the board was started, not only the agent. */
  readonly kernelBoot: string;
  /** It came to its healthy mark at least once. */
  readonly isProven: boolean;
  /** Content of configs that failed too often; the latest last. */
  readonly failed: readonly string[];
}

export const noBoots: Boots = { content: '', count: 0, kernelBoot: '', isProven: false, failed: [] };

/**
 * Which of the candidates is booted, the best first; undefined: all of them failed. A boot counts as failed when the next
 * one finds that it did not come to its healthy mark. With a config that was proven, only boots of the agent count, not
 * those of the board: three power cuts are not the fault of a config that ran for a year.
 */
export function chooseBoot(
  candidates: readonly string[],
  boots: Boots,
  kernelBoot: string,
): { readonly content: string | undefined; readonly boots: Boots } {
  const count = boots.isProven && boots.kernelBoot !== kernelBoot ? 0 : boots.count;
  const hasFailed = count >= failedBootsMax;
  const failed = hasFailed ? [...boots.failed, boots.content].slice(-failedConfigsMax) : boots.failed;
  const content = candidates.find((candidate) => !failed.includes(candidate));
  if (content === undefined) return { content, boots: { ...boots, count: 0, failed } };
  const isSame = content === boots.content;
  const next = { content, count: isSame ? count + 1 : 1, isProven: isSame && boots.isProven };
  return { content, boots: { ...next, kernelBoot, failed } };
}

/** It was given up, or its last boot gives reason to doubt it. */
export function isInDoubt({ content, count, isProven, failed }: Boots, asked: string): boolean {
  return failed.includes(asked) || (content === asked && count >= (isProven ? failedBootsMax : 1));
}

export function decodeBoots(text: string): Boots {
  const parsed = tryParseJson(text);
  if (!isPlainMap(parsed)) return noBoots;
  const { content, count, kernelBoot, isProven, failed } = parsed;
  const isWhole = typeof content === 'string' && typeof count === 'number' && typeof kernelBoot === 'string';
  if (!isWhole || !Array.isArray(failed)) return noBoots;
  const listed: readonly unknown[] = failed;
  return {
    ...{ content, count, kernelBoot, isProven: isProven === true },
    failed: listed.flatMap((one) => (typeof one === 'string' ? [one] : [])),
  };
}
