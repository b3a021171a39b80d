/** The fewest digits that are the same 32-bit number: 0.1 and not 0.10000000149. */
export function shortest32(value: number): number {
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return Number(value.toPrecision(9));
}
