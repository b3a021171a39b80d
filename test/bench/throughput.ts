import type { Bench } from './benches.ts';
import { interleave, openContest } from './contest.ts';
import { type Figure, figure } from './figure.ts';
import type { RunLoad } from './load.ts';
import { startNodeRed } from './node-red.ts';
import type { Responder } from './responder.ts';
import { runTurn, type Turn } from './turn.ts';
import { noiseFigures, sumOf } from './turn-figures.ts';

/** Commands a second that are tried, each a quarter to a half more than the one before. */
const rates = [1_000, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 11_000, 15_000, 20_000, 27_000, 36_000] as const;
const stepMs = 2_000;
/** Percent that may be missing for a rate to count as held. */
const lossMax = 0.1;
/** An agent that had too much to do takes commands again after this, or the climb is over. */
const recoveryTriesMax = 12;
const recoveryTryMs = 3_000;

const cpuRatePerS = 2_000;
const cpuTurnMs = 5_000;

/**
 * Commands (17 bytes, for one output) a second that are carried out without losing any: the pace is raised until some
 * are, with a second try. The floor is MQTT.js that only counts. Then, warm from that, the processor time of one, at an even
 * pace that all of them hold, beside MQTT.js that writes with the agent's own driver. `throughput=3`: so many turns of each
 * for the latter.
 */
export const benchThroughput: Bench = async ({ operand = '3', tell }) => {
  await using contest = await openContest({ priority: 'normal' });
  const { floor, raw, idleRaw, agent, runLoad } = contest;
  const nodeRed = await startNodeRed(contest.stack, contest.port);
  if (typeof nodeRed === 'string') tell(`throughput: without Node-RED: ${nodeRed}`);
  const others = typeof nodeRed === 'string' ? [] : [nodeRed];
  const figures: Figure[] = [];
  for (const qos of [0, 1] as const) {
    const title = `QoS ${qos}`;
    const held = new Map<Responder, number>();
    for (const responder of [floor, raw, ...others, idleRaw, agent]) {
      tell(`throughput: ${title}, ${responder.name}`);
      held.set(responder, await climb(runLoad, responder, qos));
    }
    tell(`throughput: ${title}, processor time`);
    const pace = { forMs: cpuTurnMs, probesPerS: 0, bulkPerS: cpuRatePerS, bulkQos: qos };
    const turns = await interleave(runLoad, [raw, agent], Number(operand), pace);
    const [ofRaw, ofAgent] = [raw, agent].map((responder) => cpuUsIn(turns.get(responder) ?? []));
    const judged = { atMostTimesFloor: 1.25, floor: ofRaw ?? Number.NaN };
    figures.push(figure(`${title}, agent, processor time of a command`, ofAgent ?? Number.NaN, 'us', judged));
    const of = (responder: Responder) => held.get(responder) ?? 0;
    const judgement = { floor: of(idleRaw), atLeastTimesFloor: 0.8 };
    figures.push(figure(`${title}, agent`, of(agent), '1/s', judgement));
    figures.push(figure(`${title}, MQTT.js that writes`, of(raw), '1/s', { floor: of(idleRaw) }));
    figures.push(figure(`${title}, C`, of(floor), '1/s', { floor: of(idleRaw) }));
    for (const other of others)
      figures.push(figure(`${title}, ${other.name}`, of(other), '1/s', { floor: of(idleRaw) }));
    figures.push(
      ...noiseFigures([...turns.values()].flat()).map((row) => ({ ...row, figure: `${title}, ${row.figure}` })),
    );
  }
  return figures;
};

function cpuUsIn(turns: readonly Turn[]): number {
  return (1_000 * sumOf(turns, ({ cpuMs }) => cpuMs)) / sumOf(turns, ({ handledCount }) => handledCount);
}

/** The highest rate at which nothing is missing. */
async function climb(runLoad: RunLoad, responder: Responder, qos: 0 | 1): Promise<number> {
  let held = 0;
  for (const perS of rates) {
    const isHeld = await tryRate(runLoad, responder, perS, qos);
    if (!isHeld && !(await recover(runLoad, responder))) return held;
    if (!isHeld && !(await tryRate(runLoad, responder, perS, qos))) {
      await recover(runLoad, responder);
      return held;
    }
    held = perS;
  }
  return held;
}

async function tryRate(runLoad: RunLoad, responder: Responder, perS: number, qos: 0 | 1): Promise<boolean> {
  const { sentCount, handledCount } = await runTurn(runLoad, responder, {
    ...{ forMs: stepMs, probesPerS: 0, bulkPerS: perS, bulkQos: qos },
  });
  return handledCount >= sentCount * (1 - lossMax / 100) && sentCount >= 0.99 * perS * (stepMs / 1_000);
}

/** False: it does not take everything even at a slow pace. */
async function recover(runLoad: RunLoad, responder: Responder): Promise<boolean> {
  for (let times = 0; times < recoveryTriesMax; times += 1) {
    const { sentCount, handledCount } = await runTurn(runLoad, responder, {
      ...{ forMs: recoveryTryMs, probesPerS: 0, bulkPerS: 100 },
    });
    if (handledCount === sentCount) return true;
  }
  return false;
}
