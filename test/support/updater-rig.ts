import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect } from 'vitest';
import { type Clock, systemClock } from '../../agent/clock.ts';
import { pieceBytesMax } from '../../agent/firmware/limits.ts';
import { openStaging } from '../../agent/firmware/staging.ts';
import { FirmwareUpdater } from '../../agent/firmware/updater.ts';
import { silentLog } from '../../agent/log.ts';
import type { Value } from '../../agent/qn/message.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { avrParts } from '../../firmware-bridge/stk500/parts.ts';
import { createOptibootModel, type OptibootModel } from './optiboot-model.ts';
import { createOptibootPort } from './optiboot-port.ts';

const part = avrParts.atmega328p;
const program = (length: number, factor: number) => Uint8Array.from({ length }, (_, at) => (at * factor) & 0xff);
export const [oldProgram, newProgram] = [program(1_500, 7), program(1_300, 5)];
const update = { over: 'stk500', part: 'atmega328p', framing: 'console', health: 'link' } as const;

export function imageName(image: Uint8Array) {
  return { sha256: createHash('sha256').update(image).digest('hex'), sizeBytes: image.length };
}

interface Life {
  readonly hardware?: string;
  readonly clock?: Clock;
  onRequest?(): void;
}

/** An updater over the model of optiboot, with a folder of its own. */
export interface UpdaterRig extends AsyncDisposable {
  readonly folder: string;
  model: OptibootModel;
  readonly happened: Value[];
  readonly states: Value[];
  /** At this request of the conversation the cable is pulled, once. */
  pullAt: number;
  /** And is not plugged in again by itself. */
  staysAway: boolean;
  isPlugged: boolean;
  greets: boolean;
  /** Times that the port was asked for. */
  lends: number;
  /** The chip is a new one, with the old program. */
  renew(): void;
  runs(image: Uint8Array): boolean;
  open(life?: Life): Promise<FirmwareUpdater>;
}

export async function startUpdaterRig(): Promise<UpdaterRig> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qn-updater-'));
  const rig: UpdaterRig = {
    folder,
    model: createOptibootModel(part, oldProgram),
    happened: [],
    states: [],
    pullAt: Number.POSITIVE_INFINITY,
    staysAway: false,
    isPlugged: true,
    greets: true,
    lends: 0,
    renew() {
      rig.model = createOptibootModel(part, oldProgram);
    },
    runs: (image) => Buffer.compare(rig.model.flash.subarray(0, image.length), image) === 0,
    async open({ hardware, clock = systemClock, onRequest } = {}) {
      let updater: FirmwareUpdater | undefined;
      updater = await FirmwareUpdater.open({
        clock,
        log: silentLog,
        staging: openStaging(folder),
        access: accessTo(rig, onRequest),
        update: { ...update, ...(hardware !== undefined && { hardware }) },
        ca: undefined,
        pieceBytesMax,
        changed: () => rig.states.push(updater?.value ?? null),
        happened: (value) => rig.happened.push(value),
      });
      return updater;
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
  return rig;
}

function accessTo(rig: UpdaterRig, onRequest: () => void = () => {}) {
  return {
    async lend() {
      rig.lends += 1;
      if (!rig.isPlugged)
        return fail({ kind: 'closed', operation: 'lend', resource: 'tty', detail: 'it is away' } as const);
      const { port, lose } = createOptibootPort(rig.model, (count) => {
        onRequest();
        if (count !== rig.pullAt) return;
        rig.pullAt = Number.POSITIVE_INFINITY;
        rig.isPlugged = !rig.staysAway;
        lose();
      });
      return ok({ port, giveBack() {} });
    },
    async reset() {
      rig.model.take({ do: 'reset' });
      return ok();
    },
    async awaitUp() {
      return rig.greets && !rig.model.isInBootloader ? (rig.runs(newProgram) ? '2.0.0' : '1.0.0') : undefined;
    },
  };
}

export async function sendImage(updater: FirmwareUpdater, image: Uint8Array, pieceBytes = 500): Promise<void> {
  for (let offset = 0; offset < image.length; offset += pieceBytes) {
    const data = image.subarray(offset, offset + pieceBytes);
    expect(await updater.piece({ kind: 'piece', ...imageName(image), offset, data })).toEqual({ ok: true });
  }
}
