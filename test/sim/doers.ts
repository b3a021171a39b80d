import type { Value } from '../../agent/qn/message.ts';

/**
 * A document that takes commands. `again`: doing it twice is no harm · `once`: never twice, also not after a crash ·
 * `resumed`: done again after a crash, until it ends.
 */
export interface Doer {
  readonly document: string;
  readonly promise: 'again' | 'once' | 'resumed';
  /** Where effects have no name: one command is given at a time, and what the line did meanwhile was its doing. */
  readonly line?: { readonly name: string; readonly edges: 'rising' | 'any' };
  valueOf(step: number, random: () => number): Value;
}

const kept = 'safe: { boot: hold, exit: hold, crash: hold, config-error: hold }';

/** In the config, beside the readers' documents. */
export const doerDocuments = [
  'relay: { driver: gpio-out, line: RELAY }',
  'line: { driver: serial-line, port: /dev/ttyS0, append: "\\n" }',
  'gate: { driver: gpio-out, line: GATE }',
  `lamp: { driver: gpio-out, line: LAMP, ${kept} }`,
  'bell: { driver: gpio-out, line: BELL, resume: on }',
];

const pulse = (_step: number, random: () => number) => ({ 'on-for': 20 + Math.floor(random() * random() * 2_000) });

export const doers = {
  /** A text of its own each time: the device counts what it gets. */
  line: { document: 'line', promise: 'once', valueOf: (step) => `w${step}` },
  relay: { document: 'relay', promise: 'again', valueOf: (_step, random) => random() < 0.5 },
  gate: { document: 'gate', promise: 'once', line: { name: 'GATE', edges: 'rising' }, valueOf: pulse },
  lamp: { document: 'lamp', promise: 'once', line: { name: 'LAMP', edges: 'any' }, valueOf: () => 'toggle' },
  bell: { document: 'bell', promise: 'resumed', line: { name: 'BELL', edges: 'rising' }, valueOf: pulse },
} as const satisfies { readonly [name: string]: Doer };
