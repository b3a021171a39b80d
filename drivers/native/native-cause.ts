import type { NativeFailure } from './addon.ts';

/** A failure of the native file as the Error that Node's own calls would throw. */
export function nativeCause({ code, text, call }: NativeFailure): Error {
  return Object.assign(new Error(`${code}: ${text}, ${call}`), { code, syscall: call });
}
