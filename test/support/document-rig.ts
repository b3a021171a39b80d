import { planChange } from '../../agent/config/change/plan.ts';
import type { Config } from '../../agent/config/config.ts';
import { Lanes } from '../../agent/dispatch/lanes.ts';
import { Board } from '../../agent/documents/board.ts';
import { FoundRows } from '../../agent/documents/found-rows.ts';
import { deadTimesOf } from '../../agent/documents/interlock.ts';
import type { OpenDocument, Performed } from '../../agent/documents/kind.ts';
import type { Memory } from '../../agent/documents/memory-file.ts';
import type { DriverReport } from '../../agent/documents/place.ts';
import { type ConfiguredRow, createRow } from '../../agent/documents/row.ts';
import { poolProfiles } from '../../agent/limits.ts';
import { silentLog } from '../../agent/log.ts';
import { createPool } from '../../agent/pool/pool.ts';
import type { Value } from '../../agent/qn/message.ts';
import type { GpioBackend } from '../../drivers/contract/digital.ts';
import type { PwmBackend } from '../../drivers/contract/pwm.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { createSimulatedGpio } from '../../drivers/gpio-simulated.ts';
import { createSimulatedPwm } from '../../drivers/pwm-simulated.ts';
import type { SimulatedWeather } from '../../drivers/simulated/board.ts';
import { createMemoryBoard, type MemoryBoard } from '../../drivers/simulated/memory-board.ts';
import { checkedOf } from './checked-config.ts';
import { createFakeClock, type FakeClock } from './fake-clock.ts';
import { valueOf } from './value-of.ts';

export interface DocumentRigOptions {
  /** Entries below `documents`, as flow maps: `relay: { driver: gpio-out, line: A }`. */
  readonly documents: readonly string[];
  readonly board?: MemoryBoard;
  /** Instead of the board. */
  readonly gpio?: GpioBackend;
  readonly pwm?: PwmBackend;
  readonly clock?: FakeClock;
  readonly weather?: SimulatedWeather;
  /** Stamps of edges. */
  readonly nowNs?: () => bigint;
  /** What the agent before this one kept. */
  readonly kept?: { readonly [document: string]: unknown };
  /** The dead time that interlock groups keep after the start is still to come; else it is over when the rig is open. */
  readonly isStarting?: boolean;
}

/** Documents on a board in memory, with a clock that the test moves, and everything they told. */
export interface DocumentRig extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly memoryBoard: MemoryBoard;
  readonly board: Board;
  /** Values, events and safe states in the order they were told: `relay true`, `relay ! {"off":"max-on"}`. */
  readonly told: readonly string[];
  /** Plans the value and puts it into the lane of the document; a refusal of the plan comes back like any other. */
  command(document: string, value: Value): Promise<Performed>;
  /** Goes over to other documents, as a config that is pushed does. */
  exchange(documents: readonly string[]): Promise<void>;
  open(document: string): OpenDocument;
  report(document: string): DriverReport | undefined;
  /** What would be written to the state folder now. */
  keeps(document: string): Value | undefined;
}

export async function openDocuments(options: DocumentRigOptions): Promise<DocumentRig> {
  const { clock = createFakeClock(), board: memoryBoard = createMemoryBoard(), weather = {} } = options;
  let config = configOf(options.documents);
  let rows = rowsOf(config);
  const told: string[] = [];
  const readers = new Map<string, () => Value | undefined>();
  const memoryOf = (name: string): Memory => {
    const recalled = (readers.get(name) ?? (() => options.kept?.[name]))();
    return { recall: () => recalled, keep: (read) => void readers.set(name, read), touch() {} };
  };
  const pool = createPool(poolProfiles.standard);
  pool.seal();
  const board = await Board.open(
    {
      clock,
      log: silentLog,
      pool,
      random: () => 0,
      pwm: options.pwm ?? createSimulatedPwm(),
      memoryOf,
      openBytePort: async (resource) => fail({ kind: 'absent', operation: 'open', resource, detail: 'no ports here' }),
      changed: (document, value) => told.push(`${document} ${JSON.stringify(value)}`),
      happened: (document, value) => told.push(`${document} ! ${JSON.stringify(value)}`),
      removed: (document) => told.push(`${document} is gone`),
      troubleChanged() {},
      found: new FoundRows(),
    },
    ok(
      options.gpio ??
        createSimulatedGpio(memoryBoard, { weather, clock, ...(options.nowNs && { nowNs: options.nowNs }) }),
    ),
    rows,
  );
  let lanes = new Lanes(board);
  const deadTimes = options.isStarting === true ? [] : [...deadTimesOf(rows).values()];
  if (deadTimes.length > 0) await clock.advance(Math.max(...deadTimes));
  return {
    clock,
    memoryBoard,
    board,
    told,
    command(document, value) {
      const planned = rows.find(({ name }) => name === document)?.kind.plan(value);
      if (planned === undefined) throw new Error(`no document ${document}`);
      if (!planned.ok) return Promise.resolve(planned);
      const effect = planned.value;
      const lane = lanes.of(document, effect);
      if (!lane.ok) return Promise.resolve(lane);
      return new Promise((resolve) => lane.value.add({ effect, begin: () => true, end: resolve }));
    },
    async exchange(documents) {
      const next = configOf(documents);
      const { documents: changes } = planChange(config, next, () => undefined);
      config = next;
      rows = rowsOf(config);
      await board.exchange(rows, changes);
      lanes = new Lanes(board);
    },
    open: (document) => valueOf(board.document(document)),
    report: (document) => board.reports().find((report) => report.document === document),
    keeps: (document) => readers.get(document)?.(),
    [Symbol.asyncDispose]: () => board[Symbol.asyncDispose](),
  };
}

function configOf(documents: readonly string[]): Config {
  const entries = documents.map((text) => `  ${text}`).join('\n');
  return checkedOf(`node: n\nmqtt: { brokers: [{ url: "mqtt://h" }] }\ndocuments:\n${entries}\n`).config;
}

function rowsOf(config: Config): readonly ConfiguredRow[] {
  return Object.entries(config.documents).map(([name, document]) => createRow(name, document));
}
