import type { OptionHelp, Verb } from './verb.ts';

/** Options of every verb. A verb may describe them in its own words. */
export const commonOptions = {
  json: { type: 'boolean', help: 'for programs: JSON, a line each, also for what goes wrong' },
  help: { type: 'boolean', short: 'h', help: 'this text' },
} as const satisfies { readonly [name: string]: OptionHelp };

export function optionsOf(verb: Verb): { readonly [name: string]: OptionHelp } {
  const { json, help } = commonOptions;
  return { ...verb.options, json: verb.options['json'] ?? json, help };
}
