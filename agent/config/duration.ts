const msPerUnit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const durationPattern = /^\d+(\.\d+)?(ms|s|m|h|d)$/;

/** `1.5s` → 1500, and `8.2m` no 491999.99999999994. Undefined for anything else, also for a number without unit. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return unit === undefined || !isUnit(unit) ? undefined : Number((Number(digits) * msPerUnit[unit]).toPrecision(15));
}

/** In the largest unit that fits without a fraction: 90000 → `90s`. */
export function formatDuration(valueMs: number): string {
  const unit =
    Object.keys(msPerUnit)
      .filter(isUnit)
      .findLast((name) => valueMs % msPerUnit[name] === 0) ?? 'ms';
  return valueMs === 0 ? '0ms' : `${valueMs / msPerUnit[unit]}${unit}`;
}

function isUnit(text: string): text is keyof typeof msPerUnit {
  return Object.hasOwn(msPerUnit, text);
}
