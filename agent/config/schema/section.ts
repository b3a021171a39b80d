import * as v from 'valibot';
import { nearestName } from '../nearest.ts';
import { isPlainMap } from '../plain-map.ts';
import { describeInput, message, quote } from './issue.ts';

type KeySchema = v.BaseSchema<string, string, v.BaseIssue<unknown>>;

interface SectionHints {
  /** Keys of later versions: known, and not possible yet. */
  readonly later?: readonly string[];
  /** Keys that people expect and that will not come: what to do instead. */
  readonly instead?: { readonly [key: string]: string };
  /** What to write for a key that must be there. */
  readonly example?: { readonly [key: string]: string };
}

/**
 * A map with exactly these keys. Other than valibot's own strictObject it names every unknown key, not only the first,
 * and does not take a list for a map.
 */
export function section<const Entries extends v.ObjectEntries>(entries: Entries, hints: SectionHints = {}) {
  const missing = (issue: v.BaseIssue<unknown>) => missingKey(String(issue.path?.[0]?.key), hints);
  const strict = v.strictObject(entries, missing);
  const tolerant = v.object(entries, missing);
  const run: (typeof strict)['~run'] = (dataset, config) => {
    const input = dataset.value;
    if (!isPlainMap(input)) {
      const wrong = notMap(input, `its keys: ${Object.keys(entries).join(', ')}`);
      return v.strictObject(entries, wrong)['~run']({ value: undefined }, config);
    }
    const result = tolerant['~run'](dataset, config);
    const copy = { ...input }; // One for all: thousands of unknown keys are no reason to run out of memory.
    for (const key of Object.keys(input).filter((name) => !Object.hasOwn(entries, name))) {
      const path: [v.ObjectPathItem] = [{ type: 'object', origin: 'key', input: copy, key, value: input[key] }];
      v._addIssue(tolerant, 'key', result, config, { input: key, path, message: unknownKey(key, entries, hints) });
    }
    return result;
  };
  return { ...strict, '~run': run };
}

const nameless = 'write a name in front of each, without a dash';

/** A map with names that the user chooses. */
export function mapOf<const Key extends KeySchema, const Item extends v.GenericSchema>(key: Key, item: Item) {
  const record = v.record(key, item, 'unused: only maps come here');
  const run: (typeof record)['~run'] = (dataset, config) =>
    isPlainMap(dataset.value)
      ? record['~run'](dataset, config)
      : v.record(key, item, notMap(dataset.value, nameless))['~run']({ value: undefined }, config);
  return { ...record, '~run': run };
}

function notMap(input: unknown, fix: string): string {
  const isEmpty = input === null || input === undefined;
  const found = `expected a map, found ${describeInput(input)}`;
  return message(found, isEmpty ? 'remove the key, or indent what belongs to it' : fix);
}

function missingKey(key: string, { example }: SectionHints): string {
  return message(`${key} is missing`, `write ${example?.[key] ?? `${key}: …`}`);
}

function unknownKey(key: string, entries: v.ObjectEntries, { later = [], instead = {} }: SectionHints): string {
  const other = Object.hasOwn(instead, key) ? instead[key] : undefined;
  if (other !== undefined) return message(`${key} is unsupported`, other);
  if (later.includes(key)) return message(`${key} is not supported by this version`, 'remove it');
  const known = Object.keys(entries);
  const nearest = nearestName(key, known);
  const fix = nearest === undefined ? `known here: ${known.join(', ')}` : `did you mean ${nearest}?`;
  return message(`unknown key ${quote(key)}`, fix);
}
