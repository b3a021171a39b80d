/** One measured figure, as `--json` prints it. */
export interface Figure {
  readonly figure: string;
  readonly value: number;
  readonly unit: string;
  /** The same, measured in the same run, of something that does nothing but what cannot be left out. */
  readonly floor?: number;
  /** value / floor */
  readonly ratio?: number;
  /** `<= 20`, or `<= 1.5 x floor`. Without one it is only told. */
  readonly target?: string;
  readonly pass?: boolean;
}

/** What a figure is judged by. One bound at most; the `times` ones need a floor. */
export interface Judgement {
  readonly floor?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly atMostTimesFloor?: number;
  readonly atLeastTimesFloor?: number;
}

export function figure(name: string, value: number, unit: string, judgement: Judgement = {}): Figure {
  const { floor, atMost, atLeast, atMostTimesFloor, atLeastTimesFloor } = judgement;
  const base = { figure: name, value: rounded(value), unit };
  const withFloor = floor === undefined ? base : { ...base, floor: rounded(floor), ratio: rounded(value / floor) };
  if (atMost !== undefined) return { ...withFloor, target: `<= ${atMost}`, pass: value <= atMost };
  if (atLeast !== undefined) return { ...withFloor, target: `>= ${atLeast}`, pass: value >= atLeast };
  if (atMostTimesFloor !== undefined) {
    const limit = atMostTimesFloor * (floor ?? Number.NaN);
    return { ...withFloor, target: `<= ${atMostTimesFloor} x floor`, pass: value <= limit };
  }
  if (atLeastTimesFloor !== undefined) {
    const limit = atLeastTimesFloor * (floor ?? Number.NaN);
    return { ...withFloor, target: `>= ${atLeastTimesFloor} x floor`, pass: value >= limit };
  }
  return withFloor;
}

/** Four digits are more than any of this is good for. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
