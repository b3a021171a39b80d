import * as v from 'valibot';
import { bindKind } from '../documents/kinds.ts';
import type { Problem } from './fault.ts';
import { isPlainMap } from './plain-map.ts';
import { binding } from './schema/binding.ts';
import { homeAssistantSection } from './schema/home-assistant.ts';
import type { GoodDocuments } from './schema.ts';

/** What a binding or a button sends and its document would refuse. Of a channel only its microcontroller knows. */
export function mapProblems(plain: unknown, documents: GoodDocuments): readonly Problem[] {
  const { bindings, 'home-assistant': homeAssistant } = isPlainMap(plain) ? plain : {};
  return [...bindingMapProblems(bindings, documents), ...impulseProblems(homeAssistant, documents)];
}

function impulseProblems(homeAssistant: unknown, documents: GoodDocuments): readonly Problem[] {
  const parsed = isPlainMap(homeAssistant) ? v.safeParse(homeAssistantSection, homeAssistant) : undefined;
  if (parsed?.success !== true) return [];
  return Object.entries(parsed.output.buttons).flatMap(([name, impulseMs]): readonly Problem[] => {
    const target = documents.get(name);
    if (target?.driver !== 'gpio-out') return []; // Told of the name.
    const planned = bindKind(target).plan({ 'on-for': impulseMs });
    if (planned.ok) return [];
    const text = `${name} does not take it: ${planned.error.detail}`;
    return [{ path: ['home-assistant', 'buttons', name], at: 'value', message: text }];
  });
}

function bindingMapProblems(bindings: unknown, documents: GoodDocuments): readonly Problem[] {
  const listed: readonly unknown[] = Array.isArray(bindings) ? bindings : [];
  return listed.flatMap((input, index) => {
    const parsed = isPlainMap(input) && 'map' in input ? v.safeParse(binding, input) : undefined;
    if (parsed?.success !== true) return [];
    const { to, map = {} } = parsed.output;
    const target = documents.get(to);
    if (target === undefined) return [];
    return Object.entries(map).flatMap(([from, value]): readonly Problem[] => {
      const planned = bindKind(target).plan(value);
      if (planned.ok || planned.error.reason === 'unsupported') return []; // That it takes none at all is told of `to`.
      const text = `${to} does not take it: ${planned.error.detail}`;
      return [{ path: ['bindings', `${index}`, 'map', from], at: 'value', message: text }];
    });
  });
}
