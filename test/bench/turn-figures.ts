import { createDistribution, type Distribution } from './distribution.ts';
import { type Figure, figure } from './figure.ts';
import type { Turn } from './turn.ts';

/** Of the answers, as a client sees them; or of what happened inside the responder. */
export function answersIn(turns: readonly Turn[], which: 'answersMs' | 'insideMs' = 'answersMs'): Distribution {
  const distribution = createDistribution();
  for (const turn of turns) for (const ms of turn[which]) distribution.addMs(ms);
  return distribution;
}

export function sumOf(turns: readonly Turn[], of: (turn: Turn) => number): number {
  return turns.reduce((sum, turn) => sum + of(turn), 0);
}

/** In percent of all answers. */
export function shareOver(turns: readonly Turn[], limitMs: number): number {
  const answers = turns.flatMap(({ answersMs }) => answersMs);
  return (100 * answers.filter((ms) => ms > limitMs).length) / answers.length;
}

const hiccupMs = 5;

/** How quiet the machine was: what a thread that does nothing but sleep saw meanwhile. */
export function noiseFigures(turns: readonly Turn[]): readonly Figure[] {
  const hiccups = turns.flatMap((turn) => turn.hiccups).filter(({ ms }) => ms > hiccupMs);
  const minutes = sumOf(turns, ({ forMs }) => forMs) / 60_000;
  return [
    figure(`noise: stalls of the machine over ${hiccupMs} ms, a minute`, hiccups.length / minutes, '1/min'),
    figure('noise: longest stall of the machine', Math.max(0, ...hiccups.map(({ ms }) => ms)), 'ms'),
  ];
}
