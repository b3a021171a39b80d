import type { McuConfig } from '../../../../agent/config/mcu-config.ts';
import type { Effect, OpenDocument, Performed } from '../../../../agent/documents/kind.ts';
import { openMcu } from '../../../../agent/documents/mcu/open-mcu.ts';
import { runSimulatedFirmware } from '../../../../agent/documents/mcu/simulated-firmware.ts';
import { serialSettings8N1 } from '../../../../drivers/contract/byte-port.ts';
import { ok } from '../../../../drivers/contract/result.ts';
import { createSimulatedSerialPair } from '../../../../drivers/serial-simulated.ts';
import { linkWindowCountMax } from '../../../../firmware-bridge/limits.ts';
import type { Channel } from '../../../../firmware-bridge/link/bodies.ts';
import { seededRandom } from '../../../support/seeded-random.ts';
import { valueOf } from '../../../support/value-of.ts';
import { watchSurroundings } from '../surroundings.ts';

/** More outputs than the window of the link takes. */
export const outputs: readonly Channel[] = Array.from({ length: linkWindowCountMax + 2 }, (_, index) => {
  return { number: index + 1, role: 'output', valueType: 'bool', name: `out${index + 1}`, safe: false };
});

export const on = { do: 'channel', value: true } as const;

/** A command on its way, and what became of it. */
export interface Commanded {
  taken: boolean;
  result: Performed | undefined;
}

/** A microcontroller and its channels as they are open in a board, over a simulated line, in a time of their own. */
export async function openMcuRig(changes: Partial<McuConfig> = {}) {
  const surroundings = watchSurroundings();
  const { clock } = surroundings;
  const pair = createSimulatedSerialPair({}, clock);
  const wire: { readonly what: string; readonly atMs: number }[] = [];
  const board = runSimulatedFirmware(pair.right, clock, {
    random: seededRandom(1),
    channels: outputs,
    onWire: ({ name }, value) => wire.push({ what: `${name} ${value ? 'on' : 'off'}`, atMs: clock.monotonicMs() }),
  });
  const children = new Map<string, OpenDocument>();
  const config: McuConfig = {
    driver: 'mcu',
    port: '/dev/ttyMCU',
    settings: serialSettings8N1,
    watchdogMs: 10_000,
    safe: { exit: 'hold' },
    channels: {},
    priority: 'normal',
    retained: 'refuse',
    ...changes,
  };
  const opening = openMcu(config, {
    ...surroundings,
    openBytePort: async () => ok(pair.left),
    adopt({ name, document }) {
      children.set(name.replace(`${surroundings.name}.`, ''), document);
      return { changed() {}, happened() {}, [Symbol.dispose]() {} };
    },
  });
  /** In small steps: bytes on the simulated line need turns of the event loop, not time. */
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1) await clock.advance(1);
  };
  await pass(50);
  const mcu = valueOf(await opening);
  const channel = (name: string) => {
    const document = children.get(name);
    if (document === undefined) throw new Error(`there is no channel ${name}`);
    return document;
  };
  /** `ttlMs`: counted from now. */
  const command = (name: string, effect: Effect, ttlMs = Number.POSITIVE_INFINITY): Commanded => {
    const untilMs = clock.monotonicMs() + ttlMs;
    const commanded: Commanded = { taken: false, result: undefined };
    const taken = () => {
      commanded.taken = true;
    };
    const performed = channel(name).perform(effect, taken, () => clock.monotonicMs() > untilMs);
    void Promise.resolve(performed).then((result) => {
      commanded.result = result;
    });
    return commanded;
  };
  return {
    clock,
    line: pair,
    board,
    mcu,
    wire,
    pass,
    channel,
    command,
    /** What happened at the wire of one output. */
    levelsOf: (name: string) => wire.flatMap(({ what }) => (what.startsWith(`${name} `) ? [what] : [])),
    /** The microcontroller acknowledges nothing, and as much is under way as the window takes. */
    async fill(ttlMs?: number) {
      pair.stall();
      const filling = outputs.slice(0, linkWindowCountMax).map(({ name }) => command(name, on, ttlMs));
      await pass(1);
      return filling;
    },
    async [Symbol.asyncDispose]() {
      const closing = mcu[Symbol.asyncDispose]();
      await pass(1);
      await closing;
      await board[Symbol.asyncDispose]();
      await pair[Symbol.asyncDispose]();
    },
  };
}
