import { mcusMax } from '../../firmware-bridge/limits.ts';
import { documentNameBytesMax, documentSegmentsMax } from '../limits.ts';
import type { RawDocument } from './cross-check.ts';
import type { Problem } from './fault.ts';
import { isPlainMap } from './plain-map.ts';

type Documents = readonly (readonly [name: string, document: RawDocument])[];

/** What stands below the name of a microcontroller belongs to its channels (QN-8.7). */
export function mcuProblems(documents: Documents): readonly Problem[] {
  const mcus = documents.filter(([, { driver }]) => driver === 'mcu').map(([name]) => name);
  return [
    ...mcus
      .slice(mcusMax)
      .map((name) => problem(['documents', name], `more than ${mcusMax} microcontrollers`, 'remove some')),
    ...mcus.flatMap(nameProblems),
    ...documents.flatMap(([name]) => {
      const parent = mcus.find((mcu) => name.startsWith(`${mcu}.`));
      if (parent === undefined) return [];
      return [
        problem(['documents', name], `${name} is below ${parent}, where its channels are`, 'choose another name'),
      ];
    }),
    ...lineProblems(documents),
  ];
}

/** The microcontroller whose channel this may be. */
export function mcuAbove(documents: Documents, name: string): string | undefined {
  const parent = name.slice(0, Math.max(0, name.lastIndexOf('.')));
  return documents.some(([known, { driver }]) => known === parent && driver === 'mcu') ? parent : undefined;
}

/** Who may command a document, and below `documents` the entry that says so. */
export interface Control {
  readonly control: unknown;
  readonly place: string;
}

/** Of a channel its own entry says it, or else that of its microcontroller (QN-4.9). */
export function channelControl(documents: Documents, name: string): Control {
  const mcu = mcuAbove(documents, name) ?? '';
  const document = documents.find(([known]) => known === mcu)?.[1];
  const channels = document?.['channels'];
  const channel = name.slice(mcu.length + 1);
  const declared = isPlainMap(channels) ? channels[channel] : undefined;
  const own = isPlainMap(declared) ? declared['control'] : undefined;
  if (own !== undefined) return { control: own, place: `${mcu}.channels.${channel}` };
  return { control: document?.['control'], place: mcu };
}

function nameProblems(name: string): readonly Problem[] {
  const hasRoom = name.split('.').length < documentSegmentsMax && name.length + 2 <= documentNameBytesMax;
  if (hasRoom) return [];
  return [problem(['documents', name], `${name} leaves no room for the names of its channels`, 'take a shorter one')];
}

/** Its reset and boot lines, against each other and all others. */
function lineProblems(documents: Documents): readonly Problem[] {
  const users = documents.flatMap(([name, document]) => [
    { path: ['documents', name, 'line'], line: document['line'], isControl: false },
    ...['reset', 'boot'].map((key) => {
      const section = document[key];
      const line = document['driver'] === 'mcu' && isPlainMap(section) ? section['line'] : undefined;
      return { path: ['documents', name, key, 'line'], line, isControl: true };
    }),
  ]);
  const known = users.flatMap(({ path, line, isControl }) => {
    return line === undefined ? [] : [{ path, text: JSON.stringify(line), isControl }];
  });
  return known.flatMap(({ path, text, isControl }, index) => {
    const other = known.find((user, at) => user.text === text && (at < index || (isControl && !user.isControl)));
    if (!isControl || other === undefined) return [];
    return [problem(path, `line ${text} is taken by ${other.path[1]}`, 'each can serve one document')];
  });
}

function problem(path: readonly string[], message: string, fix: string): Problem {
  return { path, at: 'value', message, fix };
}
