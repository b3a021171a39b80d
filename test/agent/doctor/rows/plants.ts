import type { BoardFacts, BrokerFacts, Facts, SerialFacts } from '../../../../agent/doctor/facts.ts';
import type { LinkError } from '../../../../agent/mqtt/link.ts';
import type { LineSight } from '../../../../drivers/gpio-survey.ts';
import { soundAgent, soundBoard, soundBroker, soundFacts, soundPort } from '../../../support/sound-facts.ts';

/** A trouble, what it is planted into the facts of a sound board with, and what the doctor must say of it. */
export type Row = readonly [
  what: string,
  planted: Partial<Facts>,
  code: string,
  severity: 'problem' | 'warning',
  cause: string,
  fix: string,
];

export const dayMs = 86_400_000;
/** What the clock of the sound board says. */
export const nowMs = soundFacts.clock.wallMs;

export const board = (planted: Partial<BoardFacts>): Partial<Facts> => ({ board: { ...soundBoard, ...planted } });
export const broker = (planted: Partial<BrokerFacts>) => board({ brokers: [{ ...soundBroker, ...planted }] });
export const failing = (failure: LinkError, more: Partial<BrokerFacts> = {}) => broker({ failure, ...more });
export const port = (planted: Partial<SerialFacts>) => board({ serial: [{ ...soundPort, ...planted }] });
export const gpio = (planted: Partial<BoardFacts['gpio']>) => board({ gpio: { ...soundBoard.gpio, ...planted } });
export const line = (sight: LineSight) => gpio({ lines: new Map([['GPIO17', sight]]) });
export const disk = (planted: Partial<BoardFacts['disk']>) => board({ disk: { ...soundBoard.disk, ...planted } });
export const health = (planted: object): Partial<Facts> => ({
  agent: { ...soundAgent, health: { ...soundAgent.health, ...planted } },
});
export const configuration = (planted: Partial<Facts['configuration']>): Partial<Facts> => ({
  configuration: { ...soundFacts.configuration, ...planted },
});
export const backend = (name: 'auto' | 'sysfs' | 'gpiochip', sight: Partial<BoardFacts['gpio']>) =>
  board({
    config: { ...soundBoard.config, gpio: { backend: name } },
    gpio: { ...soundBoard.gpio, lines: new Map(), ...sight },
  });
export const until = (validToMs: number, whose = 'of the broker') => ({ whose, validFromMs: 0, validToMs });
export const absent = {
  kind: 'absent',
  operation: 'open',
  resource: 'gpio',
  detail: 'there is no /sys/class/gpio',
} as const;
