import { deadBroker } from './environment.ts';
import {
  boards,
  buses,
  type Documents,
  documentOf,
  type Entry,
  freeOf,
  interlockOf,
  lines,
  maybe,
  pick,
  type Random,
  serials,
  takenBy,
} from './random-document.ts';

/** A config as it is written: documents by name, and everything else. */
export interface Written {
  readonly documents: Documents;
  readonly sections: Entry;
}

/** Another program has it. */
export const heldLine = 'HELD';
const names = [
  'relay',
  'lamp',
  'gate',
  'hoist.up',
  'hoist.down',
  'door',
  'flow',
  'line1',
  'bus1',
  'reg1',
  'firmware.mcu0',
];

type Change = (documents: { [name: string]: Entry }, random: Random) => void;

const add: Change = (documents, random) => {
  const free = names.filter((name) => !(name in documents));
  const name = free.length === 0 ? undefined : pick(random, free);
  const document = documentOf(documents, random);
  if (name !== undefined && document) documents[name] = document;
};

const remove: Change = (documents, random) => void delete documents[pick(random, Object.keys(documents))];

const rename: Change = (documents, random) => {
  const free = names.filter((name) => !(name in documents));
  const [from, to] = [pick(random, Object.keys(documents)), pick(random, free)];
  const document = documents[from];
  if (document === undefined || to === undefined) return;
  delete documents[from];
  documents[to] = document;
};

const swap =
  (key: string): Change =>
  (documents, random) => {
    const having = Object.keys(documents).filter((name) => key in (documents[name] ?? {}));
    const [one, other] = [pick(random, having), pick(random, having)];
    const [first, second] = [documents[one], documents[other]];
    if (first === undefined || second === undefined || one === other) return;
    if (key === 'port' && String(first[key]).slice(0, 9) !== String(second[key]).slice(0, 9)) return; // Another device.
    documents[one] = { ...first, [key]: second[key] };
    documents[other] = { ...second, [key]: first[key] };
  };

/** Another kind under the same name; on the same line, where it can have it. */
const rekind: Change = (documents, random) => {
  const name = pick(random, Object.keys(documents));
  const { [name]: before, ...others } = documents;
  const next = documentOf(others, random);
  if (before === undefined || !next) return;
  documents[name] = 'line' in before && 'line' in next ? { ...next, line: before['line'] } : next;
};

/** The same document with other settings. */
const reset: Change = (documents, random) => {
  const name = pick(random, Object.keys(documents));
  const { [name]: before, ...others } = documents;
  const next = documentOf(others, random, String(before?.['driver']));
  if (before === undefined || !next) return;
  const place = Object.fromEntries(
    ['line', 'port', 'channel'].flatMap((key) => (key in before ? [[key, before[key]]] : [])),
  );
  const keys = Object.keys({ ...before, ...next }).filter((key) => key !== 'driver' && key !== 'bus');
  const chosen = random() < 0.5 ? keys : [pick(random, keys)];
  const mixed: { [key: string]: unknown } = { ...before };
  for (const key of chosen) {
    delete mixed[key];
    if (key in next) mixed[key] = next[key];
  }
  documents[name] = { ...mixed, ...place };
};

const move =
  (key: string, all: readonly string[]): Change =>
  (documents, random) => {
    const having = Object.keys(documents).filter((name) => all.includes(String(documents[name]?.[key])));
    const [name, free] = [pick(random, having), freeOf(takenBy(documents, key), all, random)];
    if (name !== undefined && free !== undefined) documents[name] = { ...documents[name], [key]: free };
  };

const lock: Change = (documents, random) => {
  const outputs = Object.keys(documents).filter((name) => documents[name]?.['driver'] === 'gpio-out');
  const isOff = random() < 0.3;
  for (const name of outputs) {
    if (random() < 0.4) continue;
    const { interlock: _group, 'interlock-policy': _policy, 'dead-time': _dead, ...free } = documents[name] ?? {};
    documents[name] = isOff ? free : { ...free, ...interlockOf(random) };
  }
};

const changes: readonly Change[] = [
  add,
  add,
  add,
  remove,
  rename,
  rename,
  swap('line'),
  swap('line'),
  swap('port'),
  swap('channel'),
  rekind,
  reset,
  reset,
  reset,
  move('line', lines),
  move('port', serials),
  move('port', boards),
  move('port', buses),
  lock,
  lock,
];

/** Without what would only be a fault: two on one line, one alone in its group, a number twice. */
function tidied(documents: { [name: string]: Entry }): Documents {
  const groups = takenBy(documents, 'interlock');
  const numbers = new Set<unknown>();
  const seen = new Set<unknown>();
  const entries = Object.entries(documents).flatMap(([name, document]): [string, Entry][] => {
    const { interlock, 'interlock-policy': policy, 'dead-time': dead, number, ...rest } = document;
    if (rest['driver'] === 'modbus-register' && documents[String(rest['bus'])]?.['driver'] !== 'modbus-rtu') return [];
    const place = rest['line'] ?? rest['port'];
    if (place !== undefined && seen.has(place)) return [];
    seen.add(place);
    const isLocked = interlock !== undefined && groups.filter((group) => group === interlock).length > 1;
    const isNumbered = number !== undefined && !numbers.has(number);
    numbers.add(number);
    const more = {
      ...(isLocked && {
        interlock,
        ...(policy !== undefined && { 'interlock-policy': policy }),
        ...(dead !== undefined && { 'dead-time': dead }),
      }),
      ...(isNumbered && { number }),
    };
    return [[name, { ...rest, ...more }]];
  });
  return Object.fromEntries(entries);
}

export function firstConfig(random: Random): Written {
  const documents: { [name: string]: Entry } = {};
  const count = 3 + Math.floor(random() * 7);
  for (let index = 0; index < count; index += 1) add(documents, random);
  return { documents: tidied(documents), sections: {} };
}

export function nextConfig({ documents, sections }: Written, random: Random): Written {
  const next = { ...documents };
  const count = 1 + Math.floor(random() * 4);
  for (let index = 0; index < count; index += 1) if (Object.keys(next).length > 0) pick(random, changes)(next, random);
  if (Object.keys(next).length < 3) add(next, random);
  return { documents: tidied(next), sections: { ...sections, ...sectionsOf(random) } };
}

function sectionsOf(random: Random): Written['sections'] {
  return {
    ...maybe(random, 0.15, { groups: pick(random, [[], ['line-1'], ['line-1', 'line-2']]) }),
    ...maybe(random, 0.1, { health: { interval: pick(random, ['30s', '60s']) } }),
    ...maybe(random, 0.1, { bindings: pick(random, [[], [{ on: 'plant/stop', to: 'relay' }]]) }),
  };
}

export type Fault = 'absent-line' | 'held-line' | 'no-broker' | 'root' | 'unknown-key' | 'disk';
export const faults: readonly Fault[] = ['absent-line', 'held-line', 'no-broker', 'root', 'unknown-key', 'disk'];

/** The same with something wrong. */
export function spoilt({ documents, sections }: Written, fault: Fault, random: Random): Written {
  const bad = (line: string) => ({ documents: { ...documents, zz: { driver: 'gpio-out', line } }, sections });
  switch (fault) {
    case 'absent-line':
      return bad('ABSENT');
    case 'held-line':
      return bad(heldLine);
    case 'no-broker':
      return { documents, sections: { ...sections, mqtt: { brokers: [{ url: deadBroker }] } } };
    case 'root':
      return {
        documents,
        sections: { ...sections, mqtt: { root: 'other/1', brokers: [{ url: 'mqtt://127.0.0.1' }] } },
      };
    case 'unknown-key':
      return { documents: { ...documents, [pick(random, names)]: { driver: 'gpio-out', lin: 'A' } }, sections };
    case 'disk':
      return { documents, sections };
  }
}
