import { createHash } from 'node:crypto';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BridgeClock } from '../clock.ts';
import { type McubootImage, parseMcuboot } from '../image/mcuboot.ts';
import { wholeNumber } from './cbor.ts';
import type { ImageSlot } from './image-messages.ts';
import {
  smpChunkBytesDefault,
  smpChunkBytesMin,
  smpPacketBytesMax,
  smpTriesMax,
  smpUploadOverheadBytes,
} from './limits.ts';
import type { SmpFraming } from './line.ts';
import type { SmpError } from './request.ts';
import { confirmImage, echo, readBoard, readParameters, restart, testImage } from './requests.ts';
import { sendImage } from './send-image.ts';
import { createSmpTarget, type SmpTarget } from './target.ts';

export interface SmpDependencies {
  readonly clock: BridgeClock;
  /** Called again when the port went away: a USB port does at each restart over there. */
  open(): Promise<Result<BytePort>>;
  /** Pulls the reset line; absent where there is none. */
  readonly reset?: () => Promise<Result<void>>;
  /** Whether the new program does its work; asked once it answers. The port is not in use meanwhile. */
  readonly isHealthy?: () => Promise<Result<void, string>>;
  readonly onProgress?: (phase: SmpPhase, doneBytes: number, totalBytes: number) => void;
}

export type SmpPhase = 'upload' | 'restart' | 'health' | 'confirm' | 'revert';

export interface SmpOptions {
  readonly framing: SmpFraming;
  /** The board the image is for; compared with what the microcontroller says of itself, where it does. */
  readonly board?: string;
}

export interface SmpUpdated {
  readonly version: string;
  /** It ran, confirmed, before anything was done. */
  readonly wasThere: boolean;
}

/**
 * rolled-back: the old program runs · refused: not by this microcontroller, or not this image · unconfirmed: the new
 * program was started, is not confirmed, and nothing could be done about it: it goes back at its next restart.
 */
export interface SmpUpdateError {
  readonly reason: SmpError['reason'] | 'bad-image' | 'wrong-board' | 'rolled-back' | 'unconfirmed';
  readonly detail: string;
}

type Step<Value = void> = Result<Value, SmpUpdateError>;

/** What an update needs everywhere. */
interface Work extends SmpDependencies {
  readonly target: SmpTarget;
  readonly file: Uint8Array;
  readonly image: McubootImage;
  readonly hash: string;
  readonly board: string | undefined;
}

/**
 * Upload, test, restart, health, confirm; else back. Where the microcontroller stands is asked, not remembered: after a
 * cut at any place the same call goes on from there.
 */
export async function updateBySmp(
  dependencies: SmpDependencies,
  file: Uint8Array,
  { framing, board }: SmpOptions,
): Promise<Step<SmpUpdated>> {
  const parsed = parseMcuboot(file);
  if (!parsed.ok) return failed('bad-image', parsed.error);
  await using target = createSmpTarget(dependencies.clock, framing, dependencies.open);
  const image = parsed.value;
  const hash = Buffer.from(image.hash).toString('hex');
  const work = { ...dependencies, target, file, image, hash, board };
  const stands = await prepare(work);
  if (!stands.ok) return stands;
  if (stands.value === 'confirmed') return ok({ version: image.version, wasThere: true });
  const running = stands.value === 'running' ? ok() : await startNew(work);
  if (!running.ok) return running;
  const kept = await examineAndConfirm(work);
  return kept.ok ? ok({ version: image.version, wasThere: false }) : kept;
}

/** Up to where the image lies in the second slot, to be tried at the next start. Checks come before the first byte. */
async function prepare(work: Work): Promise<Step<'confirmed' | 'running' | 'to-start'>> {
  const { target, hash } = work;
  const answers = await target.ask(echo('qn'));
  if (!answers.ok) return answers;
  const fits = await checkBoard(work);
  if (!fits.ok) return fits;
  const before = await target.slots();
  if (!before.ok) return before;
  const active = activeOf(before.value);
  if (active?.hash === hash) return ok(active.isConfirmed ? 'confirmed' : 'running');
  const isThere = before.value.some((slot) => slot.hash === hash);
  const sent = isThere ? ok() : await upload(work);
  return sent.ok ? await markForTest(work) : sent;
}

async function checkBoard({ target, board }: Work): Promise<Step> {
  if (board === undefined) return ok();
  const told = await target.ask(readBoard);
  if (!told.ok) return told.error.reason === 'refused' ? ok() : told; // It cannot say: nothing to compare with.
  const name = told.value['output'];
  return name === board ? ok() : failed('wrong-board', `the image is for the board ${board}; this is ${String(name)}`);
}

async function upload({ clock, target, file, onProgress }: Work): Promise<Step> {
  const told = await target.ask(readParameters);
  const bufferBytes = told.ok ? wholeNumber(told.value['buf_size']) : undefined;
  const room = Math.min(bufferBytes ?? 0, smpPacketBytesMax) - smpUploadOverheadBytes;
  const chunkBytes = bufferBytes === undefined ? smpChunkBytesDefault : Math.max(smpChunkBytesMin, room);
  const line = await target.line();
  if (!line.ok) return line;
  const sha = createHash('sha256').update(file).digest();
  const image = { bytes: file, sha, chunkBytes };
  return await sendImage(clock, line.value, image, (done, total) => onProgress?.('upload', done, total));
}

/** Only what has the hash of the image, by the word of the microcontroller, is ever started. */
async function markForTest({ target, image, hash }: Work): Promise<Step<'to-start'>> {
  const slots = await target.slots();
  if (!slots.ok) return slots;
  const slot = slots.value.find((one) => one.hash === hash);
  if (slot === undefined) {
    const found = slots.value.map((one) => one.hash?.slice(0, 16) ?? 'none').join(', ');
    const detail = `what arrived is not what was sent: the slots have the hashes ${found}, not ${hash.slice(0, 16)}`;
    return failed('bad-image', detail);
  }
  if (slot.isPending) return ok('to-start');
  const marked = await target.ask(testImage(image.hash));
  return marked.ok ? ok('to-start') : marked;
}

async function startNew(work: Work): Promise<Step> {
  const { target, hash, onProgress } = work;
  onProgress?.('restart', 0, 0);
  const asked = await target.ask(restart);
  // The answer may be lost in the restart; what runs afterwards says whether it came about.
  if (!asked.ok && asked.error.reason === 'refused') return asked;
  const slots = await target.slotsWhen((all) => !all.some(({ isPending }) => isPending));
  if (!slots.ok) return await goBack(work, `after the restart ${slots.error.detail}`);
  const active = activeOf(slots.value);
  if (active?.hash === hash) return ok();
  return failed('rolled-back', `its bootloader did not take the new program; version ${active?.version} runs`);
}

async function examineAndConfirm(work: Work): Promise<Step> {
  const { target, file, isHealthy, onProgress } = work;
  onProgress?.('health', 0, 0);
  const answers = await target.ask(echo('health'));
  if (!answers.ok) return await goBack(work, answers.error.detail);
  if (isHealthy !== undefined) await target.release(); // It may need the port for itself.
  const healthy = (await isHealthy?.()) ?? ok();
  if (!healthy.ok) return await goBack(work, healthy.error);
  onProgress?.('confirm', file.length, file.length);
  return await confirm(work);
}

/**
 * The hash of a program that does not run any more, because it began anew and MCUboot went back, would mark it to be started for
 * good. So it is looked at before each asking.
 */
async function confirm(work: Work): Promise<Step> {
  const { target, image, hash } = work;
  let asked: Result<unknown, SmpError> | undefined;
  for (let tries = 0; tries <= smpTriesMax; tries += 1) {
    const slots = await target.slots();
    if (!slots.ok) return asked === undefined ? await goBack(work, slots.error.detail) : slots;
    const active = activeOf(slots.value);
    if (active !== undefined && active.hash !== hash) {
      return failed('rolled-back', `it began anew before it was kept; version ${active.version} runs again`);
    }
    if (active?.isConfirmed === true) return ok();
    if (asked?.ok === false && asked.error.reason === 'refused') return await goBack(work, asked.error.detail);
    asked = await target.ask(confirmImage(image.hash), { triesMax: 1 });
  }
  if (asked?.ok === false) return await goBack(work, asked.error.detail);
  return failed('unconfirmed', 'it was asked to keep the new program, and does not say that it does');
}

/** A program that is not confirmed gives way at the next restart: by request, else by the reset line. */
async function goBack({ target, hash, reset, onProgress }: Work, why: string): Promise<Step<never>> {
  onProgress?.('revert', 0, 0);
  const asked = await target.ask(restart, { triesMax: 1 });
  if (!asked.ok) await reset?.();
  const slots = await target.slotsWhen((all) => activeOf(all)?.hash !== hash);
  if (slots.ok) return failed('rolled-back', `${why}; version ${activeOf(slots.value)?.version} runs again`);
  const line = reset === undefined ? '; with `reset` in the config it can be restarted from here' : '';
  return failed('unconfirmed', `${why}; power it off and on, and the old program runs${line}`);
}

function activeOf(slots: readonly ImageSlot[]): ImageSlot | undefined {
  return slots.find(({ isActive }) => isActive);
}

function failed(reason: SmpUpdateError['reason'], detail: string): Result<never, SmpUpdateError> {
  return fail({ reason, detail });
}
