/** A map as YAML or JSON has it: neither a list nor nothing. */
export function isPlainMap(input: unknown): input is { readonly [key: string]: unknown } {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
