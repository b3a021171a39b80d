import type { Bench } from './benches.ts';
import { interleave, openContest } from './contest.ts';
import { distributionFigures } from './distribution.ts';
import { type Figure, figure } from './figure.ts';
import { startNodeRed } from './node-red.ts';
import { answersIn, noiseFigures, sumOf } from './turn-figures.ts';

const modes = [
  { title: 'idle', bulkPerS: 0 },
  { title: 'beside 5 000 msg/s', bulkPerS: 5_000 },
] as const;

const forMs = 4_000;
const probesPerS = 100;

/**
 * Command to pin: from just before a compact command is written to the broker's socket until the line of a simulated board
 * has changed, by the stamp in its log; C, MQTT.js with the agent's own driver, Node-RED, and the agent, in turns of four
 * seconds. `latency=4`: so many turns of each.
 */
export const benchLatency: Bench = async ({ operand = '4', tell }) => {
  await using contest = await openContest({ priority: 'normal' });
  const { floor, raw, agent, runLoad } = contest;
  const nodeRed = await startNodeRed(contest.stack, contest.port);
  if (typeof nodeRed === 'string') tell(`latency: without Node-RED: ${nodeRed}`);
  const others = typeof nodeRed === 'string' ? [raw] : [raw, nodeRed];
  const figures: Figure[] = [];
  for (const { title, bulkPerS } of modes) {
    tell(`latency: ${title}`);
    const turns = await interleave(runLoad, [floor, ...others, agent], Number(operand), {
      forMs,
      probesPerS,
      bulkPerS,
    });
    const of = (responder: typeof floor) => answersIn(turns.get(responder) ?? []);
    for (const responder of [...others, agent]) {
      figures.push(...distributionFigures(`${title}, ${responder.name}`, of(responder), { floor: of(floor) }));
    }
    figures.push(
      figure(
        `${title}, probes of the agent lost`,
        sumOf(turns.get(agent) ?? [], (turn) => turn.lostCount),
        '',
      ),
    );
    figures.push(
      ...noiseFigures([...turns.values()].flat()).map((row) => ({ ...row, figure: `${title}, ${row.figure}` })),
    );
  }
  return figures;
};
