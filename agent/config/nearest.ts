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
 * Gives up early, with a number above the limit: when the lengths alone are too far apart, or what was read so far is. Letters
 * whose places are farther apart than the limit are not compared.
 */
export function editDistance(left: string, right: string): number {
  const lengthGap = Math.abs(left.length - right.length);
  if (lengthGap > distanceMax) return lengthGap;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: Math.min(right.length, distanceMax) + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row += 1) {
    const current = Array.from({ length: Math.min(right.length, row + distanceMax) + 1 }, () => Infinity);
    if (row <= distanceMax) current[0] = row;
    for (let column = Math.max(1, row - distanceMax); column < current.length; column += 1) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap = row > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (current[column - 1] ?? Infinity) + 1,
        (last[column] ?? Infinity) + 1,
        (last[column - 1] ?? Infinity) + (isSame ? 0 : 1),
        isSwap ? (beforeLast[column - 2] ?? Infinity) + 1 : Infinity,
      );
    }
    const least = Math.min(...current);
    if (least > distanceMax && Math.min(...last) >= distanceMax) return least;
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? lengthGap;
}

// A short word is soon like any other: `to` is not a typo of `on`.
function allowed(length: number): number {
  return length < 3 ? 0 : length < 5 ? 1 : distanceMax;
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll('_', '-');
}
