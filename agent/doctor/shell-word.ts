/** A text as one word of a command that somebody pastes into a shell; as it is where nothing in it means anything there. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
