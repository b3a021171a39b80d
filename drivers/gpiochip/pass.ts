import type { DigitalOutput } from '../contract/digital.ts';
import { fail, ok, type Result } from '../contract/result.ts';
import { passedLinesCountMax } from '../limits.ts';
import { loadNativeGpio } from '../native/addon.ts';
import { nativeCause } from '../native/native-cause.ts';
import { systemError } from '../system-error.ts';
import type { ChipHold } from './lines.ts';

/**
 * Gives outputs to the process at the other end of a Unix socket. Both hold the lines then; they keep their levels until
 * both have let go. `socket`: its descriptor. Those without `held` are left out, and so is what is over the bound.
 */
export function sendOutputs(socket: number, outputs: readonly DigitalOutput[]): Result<void> {
  const passed = outputs.flatMap(({ resource, held }) => (held === undefined ? [] : [{ resource, lines: held }]));
  const some = passed.slice(0, passedLinesCountMax);
  const native = loadNativeGpio();
  if (!native.ok) return native;
  const names = JSON.stringify(some.map(({ resource }) => resource));
  const sent = native.value.sendLines(
    socket,
    names,
    some.map(({ lines }) => lines),
  );
  return sent.ok ? ok() : fail(systemError(nativeCause(sent), { operation: 'send', resource: 'lines' }));
}

/** `end`: the other one has closed the socket, or sent something that is not from here. */
export type Received = { readonly holds: readonly ChipHold[] } | 'nothing-yet' | 'end';

/** The outputs that the other end sent at once, but for those whose chip is gone. They are the caller's to close. */
export function receiveOutputs(socket: number, native = loadNativeGpio()): Received {
  if (!native.ok) return 'end';
  const received = native.value.receiveLines(socket);
  if (!received.ok) return received.code === 'EAGAIN' || received.code === 'EINTR' ? 'nothing-yet' : 'end';
  const { text, lines } = received.value;
  const names = parseNames(text);
  const holds = lines.flatMap((held, index) =>
    held === undefined ? [] : [{ resource: names[index] ?? '', native: native.value, lines: held }],
  );
  if (names.length === lines.length) return { holds };
  for (const hold of holds) native.value.close(hold.lines);
  return 'end';
}

function parseNames(text: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  } catch {
    return []; // Half a message, or none of ours: it has lines without names, and they are let go of.
  }
}
