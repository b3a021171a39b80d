import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fail } from '../../../drivers/contract/result.ts';
import type { McuConfig } from '../../config/mcu-config.ts';
import { pieceBytesMax, pieceOverheadBytes } from '../../firmware/limits.ts';
import { parseFirmwareOrder } from '../../firmware/order.ts';
import { openStaging } from '../../firmware/staging.ts';
import { FirmwareUpdater } from '../../firmware/updater.ts';
import type { McuAccess } from '../../firmware/write-firmware.ts';
import type { Value } from '../../qn/message.ts';
import type { DocumentSurroundings, Performed } from '../kind.ts';
import type { ControlLines } from './control-lines.ts';
import type { McuLink } from './mcu-link.ts';

/** The program of a microcontroller: what comes of orders for it, and what is told of them. */
export interface McuUpdate extends AsyncDisposable {
  /** For the state of the document. */
  readonly value: { readonly [key: string]: Value };
  perform(order: { readonly [key: string]: Value }): Promise<Performed>;
  /** The link is up with this firmware; undefined: it is down. */
  greeted(firmware: string | undefined): void;
}

type UpdateSurroundings = Pick<DocumentSurroundings, 'clock' | 'log' | 'name' | 'stateFolder' | 'happened'> & {
  readonly pool: Pick<DocumentSurroundings['pool'], 'payloadBytesMax'>;
  /** False: what was cut is not finished before there is an order. */
  readonly resumes?: boolean;
};

/** Undefined where the config does not say how its program is written. */
export async function openMcuUpdate(
  config: McuConfig,
  surroundings: UpdateSurroundings,
  link: McuLink,
  lines: ControlLines,
  changed: () => void,
): Promise<McuUpdate | undefined> {
  const { update } = config;
  const { clock, log, name, pool, stateFolder, happened, resumes = true } = surroundings;
  if (update === undefined || stateFolder === undefined) return undefined;
  let firmware: string | undefined;
  const waiting = new Set<(firmware: string) => void>(); // One update at a time waits.
  const access: McuAccess = {
    lend: (why) => link.lend(why),
    ...(lines.hasReset && { reset: () => lines.restart('program', config.reset?.pulseMs ?? 0) }),
    awaitUp: async (msMax) => {
      if (firmware !== undefined) return firmware;
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      waiting.add(resolve);
      using _deadline = clock.after(msMax, () => resolve(undefined));
      const came = await promise;
      waiting.delete(resolve);
      return came;
    },
  };
  const ca = update.ca === undefined ? undefined : await certificates(update.ca);
  const room = Math.floor(((pool.payloadBytesMax - pieceOverheadBytes) * 3) / 4);
  let updater: FirmwareUpdater | undefined;
  updater = await FirmwareUpdater.open({
    clock,
    log,
    staging: openStaging(path.join(stateFolder, 'firmware', name)),
    access,
    update,
    ca,
    pieceBytesMax: Math.min(pieceBytesMax, room),
    resumes,
    changed,
    happened,
  });
  return {
    get value() {
      return updater?.value ?? {};
    },
    async perform(value) {
      const parsed = parseFirmwareOrder(value);
      if (!parsed.ok) return parsed;
      if (updater === undefined) return fail(notOpen(config.port));
      const order = parsed.value;
      return order.kind === 'piece' ? await updater.piece(order) : await updater.write(order, firmware);
    },
    greeted(version) {
      firmware = version;
      if (version !== undefined) for (const wake of waiting) wake(version);
    },
    async [Symbol.asyncDispose]() {
      await updater?.[Symbol.asyncDispose]();
    },
  };
}

/** A file that cannot be read trusts nobody: then no download comes about, and says why. */
async function certificates(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch(() => '');
}

export const noUpdate = {
  reason: 'unsupported',
  detail: 'its config does not say how its program is written; add `update: { over: stk500 }` or smp',
} as const;

function notOpen(resource: string) {
  return { kind: 'closed', operation: 'update', resource, detail: 'the link is not open' } as const;
}
