/** Farther than this nobody meant it. */
const distanceMax = 2;
const wordLengthMax = 64;

/** The known word that was most likely meant; undefined when none is close. Case, `_` and `-` do not count. */
export function nearestName(word: string, known: Iterable<string>): string | undefined {
  if (word.length > wordLengthMax) return undefined;
  const folded = fold(word);
  let nearest: { readonly name: string; readonly distance: number } | undefined;
  for (const name of known) {
    const distance = editDistance(folded, fold(name));
    if (distance > allowed(folded.length) || distance >= (nearest?.distance ?? Infinity)) continue;
    nearest = { name, distance };
  }
  return nearest?.name;
}

/**
 * Optimal string alignment: how many letters must be put in, left out, exchanged, or swapped with their neighbour.
 * Gives up early, with a number above the limit, when the lengths alone are too far apart.
 */
export function editDistance(left: string, right: string): number {
  const lengthGap = Math.abs(left.length - right.length);
  if (lengthGap > distanceMax) return lengthGap;
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (current[column - 1] ?? 0) + 1,
        (last[column] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isSame ? 0 : 1),
        isSwap && row > 1 ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? 0;
}

// A short word is soon like any other: `to` is not a typo of `on`.
function allowed(length: number): number {
  return length < 3 ? 0 : length < 5 ? 1 : distanceMax;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll('_', '-');
}
