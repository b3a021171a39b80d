import * as v from 'valibot';
import { bindKind } from '../documents/kinds.ts';
import type { Problem } from './fault.ts';
import { isPlainMap } from './plain-map.ts';
import { binding } from './schema/binding.ts';
import { document } from './schema/document.ts';

/** What a binding sends on and its document would refuse. Of a channel only its microcontroller knows. */
export function mapProblems(plain: unknown): readonly Problem[] {
  const { bindings, documents } = isPlainMap(plain) ? plain : {};
  const listed: readonly unknown[] = Array.isArray(bindings) ? bindings : [];
  return listed.flatMap((input, index) => {
    const parsed = isPlainMap(input) && 'map' in input ? v.safeParse(binding, input) : undefined;
    if (parsed?.success !== true) return [];
    const { to, map = {} } = parsed.output;
    const target = v.safeParse(document, isPlainMap(documents) && documents[to]);
    if (!target.success) return [];
    return Object.entries(map).flatMap(([from, value]): readonly Problem[] => {
      const planned = bindKind(target.output).plan(value);
      if (planned.ok || planned.error.reason === 'unsupported') return []; // That it takes none at all is told of `to`.
      const text = `${to} does not take it: ${planned.error.detail}`;
      return [{ path: ['bindings', `${index}`, 'map', from], at: 'value', message: text }];
    });
  });
}
