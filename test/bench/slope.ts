/** A straight line through measurements: how fast they go up, and how sure that is. */
export interface Slope {
  readonly perUnit: number;
  /** Half of the 95 % confidence interval of `perUnit`. */
  readonly halfWidth: number;
}

/** Least squares. With fewer than three points nothing is sure. */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): Slope {
  const count = points.length;
  const mean = (place: 0 | 1) => points.reduce((sum, point) => sum + point[place], 0) / count;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spreadX = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const perUnit = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spreadX;
  if (count < 3 || spreadX === 0) return { perUnit, halfWidth: Number.POSITIVE_INFINITY };
  const rest = points.reduce((sum, [x, y]) => sum + (y - meanY - perUnit * (x - meanX)) ** 2, 0);
  return { perUnit, halfWidth: studentT(count - 2) * Math.sqrt(rest / (count - 2) / spreadX) };
}

/** The 97.5 % quantile of Student's t, from the first three terms of its expansion around the normal one; 1 % off at 4. */
function studentT(freedom: number): number {
  const z = 1.959964;
  const first = (z ** 3 + z) / (4 * freedom);
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
  const third = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3);
  return z + first + second + third;
}
