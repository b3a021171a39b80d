import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { describeError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { readImage } from '../../firmware-bridge/image/intel-hex.ts';
import { updateBySmp } from '../../firmware-bridge/smp/update.ts';
import { flashByStk500 } from '../../firmware-bridge/stk500/flash.ts';
import { avrParts, roomOf } from '../../firmware-bridge/stk500/parts.ts';
import type { Clock } from '../clock.ts';
import type { McuUpdateConfig } from '../config/mcu-config.ts';
import type { Reason } from '../qn/reason.ts';
import { firstUpMsMax } from './limits.ts';

/** The microcontroller and its port, which is also the link's. */
export interface McuAccess {
  /** Stops the link and hands out the port. */
  lend(why: string): Promise<Result<LentPort>>;
  /** Pulls the reset line; absent where there is none. */
  readonly reset?: () => Promise<Result<void>>;
  /** What the program says it is, once it greeted; undefined: it did not within this time. */
  awaitUp(msMax: number): Promise<string | undefined>;
}

export interface LentPort {
  /** Its disposal does nothing. */
  readonly port: BytePort;
  giveBack(): void;
}

export interface WriteHooks {
  /** Before anything is changed over there; when it resolved with false, nothing is. */
  onTouch(): Promise<boolean>;
  onProgress(phase: string, doneBytes: number, totalBytes: number): void;
}

export interface WriteError {
  readonly reason: Reason;
  readonly detail: string;
  /** Another try may help: it is away, or did not answer. */
  readonly isPassing: boolean;
  /** The old program is gone, and the new one is not there. */
  readonly isTouched: boolean;
}

export interface WriteOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly update: McuUpdateConfig;
  /** An earlier try was cut after it began, maybe with another image. */
  readonly isTouched: boolean;
  readonly hardware?: string;
}

/** Writes an image in the way the config says. Resolves with what the new program says of itself, if it says anything. */
export async function writeFirmware(
  access: McuAccess,
  image: Uint8Array,
  options: WriteOptions,
  hooks: WriteHooks,
): Promise<Result<string | undefined, WriteError>> {
  const { hardware, update, isTouched } = options;
  if (hardware !== update.hardware && (hardware !== undefined || update.hardware !== undefined)) {
    const detail = `the image is for ${hardware ?? 'no named hardware'}, and this is ${update.hardware ?? 'not named in the config'}`;
    return fail({ reason: 'incompatible', detail, isPassing: false, isTouched });
  }
  return update.over === 'stk500'
    ? await byStk500(access, image, options, hooks)
    : await bySmp(access, image, options, hooks);
}

async function byStk500(
  access: McuAccess,
  file: Uint8Array,
  { clock, signal, update, isTouched }: WriteOptions,
  { onTouch, onProgress }: WriteHooks,
): Promise<Result<string | undefined, WriteError>> {
  const part = avrParts[update.part];
  const image = readImage(file, roomOf(part));
  if (!image.ok)
    return fail({ reason: 'incompatible', detail: `the image: ${image.error}`, isPassing: false, isTouched });
  const reset = access.reset ?? unwired;
  const lent = await access.lend('its program is being written');
  if (!lent.ok) return fail({ reason: 'driver-closed', detail: describeError(lent.error), isPassing: true, isTouched });
  const { port, giveBack } = lent.value;
  const progress = (done: number, total: number) => onProgress('write', done, total);
  const parts = { clock, signal, port, reset, onTouch, onProgress: progress };
  const written = await flashByStk500(parts, image.value, { part, isResumed: isTouched });
  giveBack();
  if (!written.ok) {
    const { reason, ...rest } = written.error;
    return fail({ ...stkReasons[reason], ...rest });
  }
  onProgress('check', image.value.length, image.value.length);
  const firmware = await access.awaitUp(firstUpMsMax);
  if (firmware !== undefined) return ok(firmware);
  const detail = `the program was written and reads back as it should, but did not greet within ${firstUpMsMax / 1_000} s`;
  return fail({ reason: 'self-test-failed', detail, isPassing: false, isTouched: false });
}

const stkReasons = {
  closed: { reason: 'driver-closed', isPassing: true },
  timeout: { reason: 'driver-timeout', isPassing: true },
  'not-allowed': { reason: 'not-durable', isPassing: false },
  'wrong-part': { reason: 'incompatible', isPassing: false },
  'too-large': { reason: 'incompatible', isPassing: false },
  verify: { reason: 'internal', isPassing: false },
} as const;

const notKept = 'the state of the update could not be written to the disk; nothing was touched';

async function unwired(): Promise<Result<void>> {
  const detail = 'no reset line is configured';
  const fix = 'wire it, and write reset: { line: GPIO4 } in the config of this document';
  return fail({ kind: 'unsupported', operation: 'reset', resource: 'reset', detail, fix });
}

/** The port is lent for each conversation, and given back for the link to show whether the program works. */
async function bySmp(
  access: McuAccess,
  file: Uint8Array,
  { clock, signal, update, hardware }: WriteOptions,
  { onTouch, onProgress }: WriteHooks,
): Promise<Result<string | undefined, WriteError>> {
  if (!(await onTouch())) return fail({ ...stkReasons['not-allowed'], detail: notKept, isTouched: false });
  let lent: LentPort | undefined;
  let firmware: string | undefined;
  const giveBack = () => {
    lent?.giveBack();
    lent = undefined;
  };
  const open = async () => {
    giveBack();
    if (signal.aborted) return fail(stopped);
    const got = await access.lend('its program is being updated');
    if (!got.ok) return got;
    lent = got.value;
    return ok(got.value.port);
  };
  const isHealthy = async (): Promise<Result<void, string>> => {
    if (update.health === 'echo') return ok();
    giveBack();
    firmware = await access.awaitUp(firstUpMsMax);
    if (firmware !== undefined) return ok();
    return fail(`the new program did not greet within ${firstUpMsMax / 1_000} s`);
  };
  const { reset } = access;
  const parts = { clock, open, isHealthy, onProgress, ...(reset === undefined ? {} : { reset }) };
  const board = hardware === undefined ? {} : { board: hardware };
  const updated = await updateBySmp(parts, file, { framing: update.framing, ...board });
  giveBack();
  if (updated.ok) return ok(firmware ?? updated.value.version);
  return fail({ ...smpReasons[updated.error.reason], detail: updated.error.detail, isTouched: false });
}

const stopped = { kind: 'closed', operation: 'update', resource: 'port', detail: 'it was told to end' } as const;

const smpReasons = {
  closed: { reason: 'driver-closed', isPassing: true },
  timeout: { reason: 'driver-timeout', isPassing: true },
  refused: { reason: 'driver-denied', isPassing: false },
  'bad-image': { reason: 'incompatible', isPassing: false },
  'wrong-board': { reason: 'incompatible', isPassing: false },
  'rolled-back': { reason: 'rolled-back', isPassing: false },
  unconfirmed: { reason: 'self-test-failed', isPassing: false },
} as const;
