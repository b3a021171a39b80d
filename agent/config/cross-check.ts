import { type PoolProfileName, poolProfiles } from '../limits.ts';
import type { Steps } from '../steps.ts';
import { bindingEntry } from '../trust/control.ts';
import { type Control, channelControl, mcuAbove, mcuProblems } from './cross-check-mcu.ts';
import { outputProblems } from './cross-check-outputs.ts';
import type { Problem } from './fault.ts';
import { nearestName } from './nearest.ts';
import { isPlainMap } from './plain-map.ts';
import { quote } from './schema/issue.ts';

export type RawDocument = { readonly [key: string]: unknown };

/** As written, so that a document with a fault of its own is compared with the others all the same. */
export interface Parts {
  readonly documents: readonly (readonly [name: string, document: RawDocument])[];
  /** Documents that are to be a button in Home Assistant. */
  readonly buttons: readonly string[];
  /** Home Assistant is to read what is said in CBOR, and cannot. */
  readonly isUnreadable: boolean;
  /** `to` of each binding. */
  readonly targets: readonly (readonly [index: number, name: string])[];
  /** Documents with a serial port, and the longest frame each takes. Only those without a fault. */
  readonly serial: readonly (readonly [name: string, frameBytesMax: number])[];
  readonly poolProfile: PoolProfileName;
}

/** What no key can know alone: whether the parts of a board fit together. One part at a time: names are compared with all others. */
export function* crossCheckSteps(parts: Parts): Steps<readonly Problem[]> {
  const problems: Problem[] = [
    ...twice(parts, 'number', 'channel number', wordOf),
    ...twice(parts, 'line', 'line', lineOf),
    ...twice(parts, 'port', 'port', portOf),
  ];
  for (const [name, document] of parts.documents) {
    problems.push(...busProblems(parts, name, document), ...resumeProblems(name, document));
    yield;
  }
  for (const [index, to] of parts.targets) {
    problems.push(...bindingProblems(parts, ['bindings', `${index}`, 'to'], to));
    yield;
  }
  for (const name of parts.buttons) {
    problems.push(...buttonProblems(parts, name));
    yield;
  }
  return [
    ...problems,
    ...(parts.isUnreadable ? [unreadable] : []),
    ...frameProblems(parts),
    ...outputProblems(parts.documents),
    ...mcuProblems(parts.documents),
  ];
}

function twice(
  { documents }: Parts,
  key: string,
  what: string,
  textOf: (value: unknown) => string | undefined,
): readonly Problem[] {
  const firstOf = new Map<string, string>();
  return documents.flatMap(([name, document]) => {
    const value = textOf(document[key]);
    const first = value === undefined ? undefined : firstOf.get(value);
    if (value !== undefined && first === undefined) firstOf.set(value, name);
    if (first === undefined) return [];
    return [problem(['documents', name, key], `${what} ${value} is taken by ${first}`, 'each can serve one document')];
  });
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? `${value}` : undefined;
}

/** A name and a chip with offset may mean the same line; only the board itself can tell. */
function lineOf(value: unknown): string | undefined {
  if (!isPlainMap(value)) return wordOf(value);
  const { chip, offset } = value;
  return typeof chip === 'string' && typeof offset === 'number' ? `${chip}:${offset}` : undefined;
}

function portOf(value: unknown): string | undefined {
  if (!isPlainMap(value)) return wordOf(value);
  const words = [value['vendorId'], value['productId'], value['serialNumber']].map(wordOf);
  return `usb:${words.filter((word) => word !== undefined).join(':')}`.toLowerCase();
}

function busProblems({ documents }: Parts, name: string, { bus }: RawDocument): readonly Problem[] {
  if (typeof bus !== 'string') return [];
  const path = ['documents', name, 'bus'];
  const buses = documents.filter(([, { driver }]) => driver === 'modbus-rtu').map(([known]) => known);
  if (buses.includes(bus)) return [];
  const isOther = documents.some(([known]) => known === bus);
  const text = isOther ? `${bus} is no bus` : `no document ${quote(bus)}`;
  const nearest = nearestName(bus, buses);
  if (nearest !== undefined) return [problem(path, text, `did you mean ${nearest}?`)];
  const known = buses.length === 0 ? 'add one with driver: modbus-rtu' : `buses of this board: ${buses.join(', ')}`;
  return [problem(path, text, known)];
}

/** Only what is in the journal can be resumed. */
function resumeProblems(name: string, { once, resume }: RawDocument): readonly Problem[] {
  const isResumed = resume === 'on' || resume === true;
  if (!isResumed || !(once === 'off' || once === false)) return [];
  const text = 'with once: off nothing is journaled that could be resumed';
  return [problem(['documents', name, 'resume'], text, 'remove one of the two')];
}

function bindingProblems({ documents }: Parts, path: readonly string[], to: string): readonly Problem[] {
  const target = documents.find(([name]) => name === to)?.[1];
  if (target === undefined)
    return [...absenceProblems(documents, path, to), ...lockProblems(path, to, channelControl(documents, to))];
  const what = inputWord(target);
  if (what === undefined) return lockProblems(path, to, { control: target['control'], place: to });
  return [problem(path, `${to} is ${what} and takes no commands`, 'a binding leads to an output or a serial line')];
}

function absenceProblems(documents: Parts['documents'], path: readonly string[], to: string): readonly Problem[] {
  if (mcuAbove(documents, to) !== undefined) return []; // The firmware knows its channels.
  const nearest = nearestName(
    to,
    documents.map(([name]) => name),
  );
  const fix = nearest === undefined ? 'a binding leads to a document of this board' : `did you mean ${nearest}?`;
  return [problem(path, `no document ${quote(to)}`, fix)];
}

function lockProblems(path: readonly string[], to: string, { control, place }: Control): readonly Problem[] {
  if (!Array.isArray(control) || control.includes(bindingEntry)) return [];
  return [problem(path, `${to} takes no commands of bindings`, `add ${bindingEntry} to documents.${place}.control`)];
}

/** What a document without commands is. */
function inputWord({ driver, write }: RawDocument): string | undefined {
  if (driver === 'gpio-in') return 'an input';
  if (driver === 'modbus-rtu') return 'a bus';
  if (driver === 'mcu') return 'a microcontroller, whose channels have names of their own,';
  return driver === 'modbus-register' && write !== true ? 'a register without write: true' : undefined;
}

/** A half-received frame holds a slot of the pool, so the frames of all lines must fit into the framers' share. */
function frameProblems({ serial, poolProfile }: Parts): readonly Problem[] {
  const { small, large } = poolProfiles[poolProfile];
  const pool = `pool ${poolProfile}`;
  const tooLong = serial.filter(([, frameBytesMax]) => frameBytesMax > large.payloadBytes);
  const long = serial.filter(([, frameBytesMax]) => frameBytesMax > small.payloadBytes);
  const framersMax = small.quota.framer + large.quota.framer;
  return [
    ...tooLong.map(([name]) => {
      const text = `${pool} holds messages up to ${large.payloadBytes}B`;
      return problem(['documents', name, 'max'], text, `write max: ${large.payloadBytes}B or less`);
    }),
    ...long.slice(large.quota.framer).map(([name]) => {
      const text = `${pool} has room for ${large.quota.framer} ports with frames above ${small.payloadBytes}B`;
      return problem(['documents', name, 'max'], text, `write max: ${small.payloadBytes}B for some of them`);
    }),
    ...serial.slice(framersMax).map(([name]) => {
      return problem(['documents', name, 'port'], `${pool} has room for ${framersMax} serial ports`, 'remove some');
    }),
  ];
}

function problem(path: readonly string[], message: string, fix: string): Problem {
  return { path, at: 'value', message, fix };
}

function buttonProblems(parts: Parts, name: string): readonly Problem[] {
  const path = ['home-assistant', 'buttons', name];
  const target = parts.documents.find(([document]) => document === name)?.[1];
  if (target === undefined) return absenceProblems(parts.documents, path, name);
  if (target['driver'] !== 'gpio-out')
    return [problem(path, `${name} is no gpio-out`, 'only an output can be a button')];
  if (target['control'] === undefined) return [];
  return [problem(path, `${name} takes no commands of Home Assistant`, 'remove its control, or the button')]; // QN-4.9
}

const unreadable = problem(
  ['mqtt', 'encoding'],
  'Home Assistant reads no CBOR',
  'write encoding: json, or remove home-assistant',
);
