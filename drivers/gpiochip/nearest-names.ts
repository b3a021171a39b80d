const namesCountMax = 3;

/** The known names that look most like `name`: the same number first, then the same beginning. At most three. */
export function nearestLineNames(name: string, known: Iterable<string>): readonly string[] {
  const ranked = [...known]
    .map((candidate) => ({ candidate, likeness: likeness(name, candidate) }))
    .filter((row) => row.likeness > 0)
    .sort((first, second) => second.likeness - first.likeness || compare(first.candidate, second.candidate));
  return ranked.slice(0, namesCountMax).map(({ candidate }) => candidate);
}

function compare(first: string, second: string): number {
  return first.localeCompare(second, 'en', { numeric: true });
}

/** 0: nothing in common. Case and punctuation do not count: people write `gpio_17`, `BCM17`, `17`. */
function likeness(name: string, candidate: string): number {
  const [left, right] = [fold(name), fold(candidate)];
  const number = trailingNumber(left);
  const hasNumber = number !== undefined && number === trailingNumber(right);
  return (hasNumber ? 100 : 0) + commonStart(left, right);
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function trailingNumber(name: string): number | undefined {
  const [digits] = /\d+$/.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

function commonStart(left: string, right: string): number {
  let count = 0;
  while (count < left.length && left[count] === right[count]) count += 1;
  return count;
}
