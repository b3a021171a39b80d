import type { Bench } from './benches.ts';
import { interleave, openContest } from './contest.ts';
import { distributionFigures } from './distribution.ts';
import { figure } from './figure.ts';
import type { Turn } from './turn.ts';
import { answersIn, noiseFigures, shareOver, sumOf } from './turn-figures.ts';

const turnMs = 10_000;
const bulkPerS = 10_000;
/** What the product is measured by. */
const responseMsMax = 12;
/** Percent of all responses, above what the machine itself does to C. */
const shareMore = 0.05;

/**
 * An emergency stop (a document with `priority: emergency`) while 10 000 commands a second arrive for another document of
 * the node, from just before it is written to the broker's socket until the line has changed; beside it C, which has
 * one connection, under the same load. And inside the agent: from when the broker hands it the bytes until the line has
 * changed, without the stalls of the machine that a thread saw that does nothing but sleep. `estop=60`: so many seconds of each,
 * in turns of ten, and ten before them. In those V8 compiles what a flood runs, on the same two processors: p50 and p99 are judged
 * without them, whatever must never happen is judged with them.
 */
export const benchEstop: Bench = async ({ operand = '60', tell }) => {
  await using contest = await openContest({ priority: 'emergency', isTapped: true });
  const { floor, agent, runLoad, tap } = contest;
  const roundsCount = Math.max(1, Math.round((Number(operand) * 1_000) / turnMs));
  tell(`estop: 1 + ${roundsCount} turns of ${turnMs / 1_000} s each`);
  const turns = await interleave(runLoad, [floor, agent], 1 + roundsCount, {
    ...{ forMs: turnMs, probesPerS: 50, bulkPerS, tap },
  });
  const [ofFloor, ofAgent] = [turns.get(floor) ?? [], turns.get(agent) ?? []];
  const firstP99Ms = (of: readonly Turn[]) => answersIn(of.slice(0, 1)).percentileMs(99);
  const floorShare = shareOver(ofFloor, responseMsMax);
  const share = shareOver(ofAgent, responseMsMax);
  return [
    ...distributionFigures('emergency stop in the flood', answersIn(ofAgent.slice(1)), {
      floor: answersIn(ofFloor.slice(1)),
      judged: { p50: { atMostTimesFloor: 3 }, p99: { atMostTimesFloor: 2 } },
    }),
    figure('p99 of the ten seconds before', firstP99Ms(ofAgent), 'ms', { floor: firstP99Ms(ofFloor) }),
    figure(`share over ${responseMsMax} ms`, share, '%', {
      floor: floorShare,
      atMost: Number((floorShare + shareMore).toFixed(3)),
    }),
    ...distributionFigures('inside the agent, stalls of the machine left out', answersIn(ofAgent, 'insideMs'), {
      judged: { max: { atMost: responseMsMax } },
    }),
    figure(
      'stops lost',
      sumOf(ofAgent, ({ lostCount }) => lostCount),
      '',
      { atMost: 0 },
    ),
    figure(
      'stops given',
      sumOf(ofAgent, ({ answersMs }) => answersMs.length),
      '',
    ),
    figure(
      'bulk carried out',
      (100 * sumOf(ofAgent, ({ handledCount }) => handledCount)) / sumOf(ofAgent, ({ sentCount }) => sentCount),
      '%',
    ),
    ...noiseFigures([...turns.values()].flat()),
  ];
};
