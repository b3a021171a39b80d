/** `17:27`, `GPIO17:GPIO27`; undefined for anything else. */
export function parseLoopback(text: string): { readonly output: string; readonly input: string } | undefined {
  const [, first, second] = /^([A-Za-z0-9_.-]+):([A-Za-z0-9_.-]+)$/.exec(text) ?? [];
  if (first === undefined || second === undefined || first === second) return undefined;
  const nameOf = (line: string) => (/^\d+$/.test(line) ? `GPIO${line}` : line);
  return { output: nameOf(first), input: nameOf(second) };
}
