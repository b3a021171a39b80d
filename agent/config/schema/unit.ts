import * as v from 'valibot';
import { durationPattern, formatDuration, parseDuration } from '../duration.ts';
import { describeInput, message, quote } from './issue.ts';

const sizePattern = /^\d+(B|KiB|MiB)$/;

interface DurationRule {
  /** For editors. It must stand before the transformation: what comes behind it describes the output. */
  readonly about: string;
  readonly example: string;
  readonly msMin: number;
  readonly msMax: number;
}

interface SizeRule {
  readonly about: string;
  readonly example: string;
  readonly bytesMin: number;
  readonly bytesMax: number;
}

/** `30s` → ms. A number without unit is refused: nobody knows afterwards what it was meant to be. */
export function duration({ about, example, msMin, msMax }: DurationRule) {
  const toMs = (input: string) => parseDuration(input) ?? Number.NaN;
  return v.pipe(
    v.string(({ input }) => wrongDuration(input, example)),
    v.regex(durationPattern, ({ input }) => wrongDuration(input, example)),
    v.check(
      (input) => toMs(input) >= msMin && toMs(input) <= msMax,
      ({ input }) => message(`${input} is out of range`, `from ${formatDuration(msMin)} to ${formatDuration(msMax)}`),
    ),
    v.description(about),
    v.examples([example]),
    v.transform(toMs),
  );
}

/** `4KiB` → bytes. */
export function size({ about, example, bytesMin, bytesMax }: SizeRule) {
  return v.pipe(
    v.string(({ input }) => wrongSize(input, example)),
    v.regex(sizePattern, ({ input }) => wrongSize(input, example)),
    v.check(
      (input) => toBytes(input) >= bytesMin && toBytes(input) <= bytesMax,
      ({ input }) => message(`${input} is out of range`, `from ${bytesMin}B to ${bytesMax}B`),
    ),
    v.description(about),
    v.examples([example]),
    v.transform(toBytes),
  );
}

function toBytes(input: string): number {
  const factor = input.endsWith('MiB') ? 1_048_576 : input.endsWith('KiB') ? 1_024 : 1;
  return Number.parseInt(input, 10) * factor;
}

function wrongDuration(input: unknown, example: string): string {
  if (isBareNumber(input)) return message(`a duration without unit: ${input}`, `write ${input}s or ${input}ms`);
  const fix = `a number with ms, s, m, h or d behind it, for example ${example}`;
  return message(`not a duration: ${describeInput(input)}`, fix);
}

function wrongSize(input: unknown, example: string): string {
  if (isBareNumber(input)) return message(`a size without unit: ${input}`, `write ${input}B or ${input}KiB`);
  const thousands = typeof input === 'string' ? /^(\d+) ?k(i?b)?$/i.exec(input)?.[1] : undefined;
  if (thousands !== undefined) return message(`not a size: ${quote(String(input))}`, `write ${thousands}KiB`);
  const fix = `a whole number with B, KiB or MiB behind it, for example ${example}`;
  return message(`not a size: ${describeInput(input)}`, fix);
}

function isBareNumber(input: unknown): input is number | string {
  return typeof input === 'number' || (typeof input === 'string' && /^\d+(\.\d+)?$/.test(input));
}
