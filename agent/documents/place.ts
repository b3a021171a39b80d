import { type DriverError, describeError, fail, type Result } from '../../drivers/contract/result.ts';
import type { Value } from '../qn/message.ts';
import type { LostOutput, OpenDocument } from './kind.ts';
import { outputLossesPauseMs } from './limits.ts';
import { type Losses, lostAgain } from './reopening.ts';
import type { ConfiguredRow, Row } from './row.ts';

/** How the driver of one document is doing. */
export interface DriverReport {
  readonly document: string;
  readonly driver: string;
  readonly state: 'working' | 'failed';
  readonly error?: string;
  readonly errorCount: number;
  /** It is in a safe state because of this, until somebody commands again. */
  readonly safe?: string;
  /** What only this driver has to say. */
  readonly about?: { readonly [key: string]: Value };
}

/** One document of the board, open or not. */
export interface Place {
  row: Row;
  document: Result<OpenDocument>;
  trouble: DriverError | undefined;
  safe: string | undefined;
  errorCount: number;
  /** Of an output that was lost, until it is open again. */
  lost?: LostOutput | undefined;
  losses: Losses;
  /** It was found behind this one, and goes with it. */
  readonly parent?: Place;
}

export function placeOf(row: Row): Place {
  const losses = { atMs: [] };
  return { row, document: fail(closedError(row.name)), trouble: undefined, safe: undefined, errorCount: 0, losses };
}

/** What was open there, if that is lost; commands fail from here on. */
export function lose(place: Place, nowMs: number): OpenDocument | undefined {
  const { document } = place;
  const lost = document.ok ? document.value.lost?.() : undefined;
  if (!document.ok || lost === undefined) return undefined;
  place.lost = lost;
  place.losses = lostAgain(place.losses, nowMs);
  place.safe = undefined;
  place.document = fail(lost.error);
  return document.value;
}

const pauseMin = outputLossesPauseMs / 60_000;

/** It could not be opened, or was lost, and its driver does not look for it by itself. */
export function isMissing(place: Place): place is Place & { readonly row: ConfiguredRow } {
  return !place.document.ok && /^(gpio|pwm)-/.test(place.row.config.driver);
}

/** Of what was found behind another document that one tells, or a report would hold hundreds of rows. */
export function reportsOf(places: Iterable<Place>): readonly DriverReport[] {
  return [...places].filter(({ parent }) => parent === undefined).map(reportOf);
}

function reportOf({ row, trouble, errorCount, safe, document, lost, losses }: Place): DriverReport {
  const wasOn = lost?.mayBeOn === true ? '; it was on when it was lost' : '';
  const flaps =
    losses.untilMs === undefined ? '' : `; it goes away again and again, and is left alone for ${pauseMin} minutes`;
  return {
    document: row.name,
    driver: row.config.driver,
    state: trouble === undefined ? 'working' : 'failed',
    ...(trouble === undefined ? {} : { error: `${describeError(trouble)}${wasOn}${flaps}` }),
    errorCount,
    ...(safe === undefined ? {} : { safe }),
    ...(document.ok && document.value.about !== undefined ? { about: document.value.about() } : {}),
  };
}

export function closedError(name: string): DriverError {
  return { kind: 'closed', operation: 'use', resource: name, detail: 'the document is not open' };
}

export function changingError(name: string): DriverError {
  const detail = 'its config is being changed at this moment';
  return { kind: 'busy', operation: 'use', resource: name, detail, fix: 'send it again' };
}
