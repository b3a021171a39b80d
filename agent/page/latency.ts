/** Cumulative counts by upper bound in seconds, as /metrics has them. */
type Buckets = ReadonlyMap<number, number>;

export function readBuckets(text: string, name: string): Buckets {
  const line = new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm');
  return new Map(
    [...text.matchAll(line)].map(([, le = '', count = '0']) => [Number(le.replace('+Inf', 'Infinity')), Number(count)]),
  );
}

/** The bound below which that part of what came since `before` lies, in µs; undefined when nothing came. */
export function quantileSince(before: Buckets, now: Buckets, part: number): number | undefined {
  const since = [...now].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const);
  const all = since.at(-1)?.[1] ?? 0;
  if (all <= 0) return undefined;
  const bound = since.find(([, count]) => count >= all * part)?.[0] ?? 0;
  return Math.min(bound, 10) * 1_000_000;
}
