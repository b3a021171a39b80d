import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import { firstCollectionMs } from '../../agent/limits.ts';
import { configText } from '../support/config-text.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { readUnitMemory } from '../support/unit-file.ts';
import type { Bench } from './benches.ts';
import { figure } from './figure.ts';
import { inspectorArguments, openInspector } from './inspector.ts';
import { medianOf } from './median.ts';

/** So long each, with a change and without. */
const windowMs = 1_000;
const waitMsMax = 12;
const lines = (count: number) => Array.from({ length: count }, (_, index) => `L${index}`);

/** Run in the agent, once: the gaps between two ticks of a millisecond. */
const watching = `(() => {
  const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
  globalThis.gaps = monitorEventLoopDelay({ resolution: 1 });
  globalThis.gaps.enable();
  return '';
})()`;
const longest = 'String(globalThis.gaps.max / 1e6)';
const forget = "(globalThis.gaps.reset(), '')";

/**
 * How long an emergency stop could wait in the worst case while the board takes a config with so many documents, all of
 * them switches: the longest gap between two ticks of its event loop, beside the longest of a second without one, in turns. Each
 * config changes two documents; the first one finds nothing compiled. `changes=60`: so many documents.
 */
export const benchChanges: Bench = async ({ operand = '60', tell }) => {
  const documentsCount = Number(operand);
  const changesCount = 20;
  await using stack = new AsyncDisposableStack();
  const documents = (minDwellMs: number) =>
    lines(documentsCount).map((line, index) => {
      const more = index < 2 ? `, min-dwell: ${minDwellMs}ms` : '';
      return `gpio.${line.toLowerCase()}: { driver: gpio-out, line: ${line}${more} }`;
    });
  const rig = stack.use(
    await startRig({
      documents: documents(1),
      lines: lines(documentsCount),
      sections,
      nodeArguments: [...readUnitMemory().nodeArguments, ...inspectorArguments],
    }),
  );
  const evaluate = await openInspector(stack, rig.agent);
  await evaluate(watching);
  await delay(2 * firstCollectionMs); // That one takes ten milliseconds by itself.
  const gapMsDuring = async (work: () => Promise<unknown>) => {
    await evaluate(forget);
    await Promise.all([work(), delay(windowMs)]);
    return Number(await evaluate(longest));
  };
  tell(`changes: ${changesCount} configs of ${documentsCount} documents`);
  const [alone, taken]: [number[], number[]] = [[], []];
  for (let round = 1; round <= changesCount; round += 1) {
    alone.push(await gapMsDuring(async () => {}));
    taken.push(await gapMsDuring(() => change(rig, round, documents(1 + round))));
  }
  const [first = Number.NaN, ...later] = taken;
  return [
    figure('longest gap of a second', medianOf(alone), 'ms'),
    figure('the same while a config is taken', medianOf(later), 'ms', { floor: medianOf(alone), atMost: waitMsMax }),
    figure('the longest of all of these', Math.max(...later), 'ms', { floor: Math.max(...alone) }),
    figure('the same while the first config is taken', first, 'ms', { floor: medianOf(alone) }),
  ];
};

const sections = 'config: { trust: none }';

async function change(rig: Rig, round: number, documents: readonly string[]): Promise<void> {
  const { board, folder, broker } = rig;
  const text = configText({ documents, sections, url: broker.url, board, state: `${folder}/state` });
  const ended = rig.hear({ verb: 'ack', document: 'config', status: 'successful', id: BigInt(round) }, 10_000);
  await rig.say('notify/config', JSON.stringify({ t: 'notify', src: 'bench', id: String(round), val: parse(text) }));
  await ended;
}
