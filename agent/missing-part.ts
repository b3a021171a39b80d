/**
 * What is loaded when it is needed lies beside the program, in `parts`. Whoever copied the program alone still runs what
 * it holds by itself (pins, serial lines, MQTT); the rest says so, and what to do.
 */
export const partFix = 'copy the folder parts beside the program, or install the agent anew';

export const cutInstallationFix =
  'install the agent again: the storage card or somebody changed its code, or an installation was cut: ' +
  'sudo dpkg --configure -a; sudo apt-get install --reinstall qn-agent';

/** The name of the part that is not there; undefined: the error is another one. */
export function missingPart(err: unknown): string | undefined {
  if (!(err instanceof Error) || !('code' in err) || err.code !== 'MODULE_NOT_FOUND') return undefined;
  return /^Cannot find module '\.\/(?:parts\/)?([a-z-]+)\.cjs'/.exec(err.message)?.[1];
}
