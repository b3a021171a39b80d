import { readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { messageOf } from '../../../drivers/system-error.ts';
import { sleep } from '../../clock.ts';
import { imageBytesMax } from '../../firmware/limits.ts';
import { crypto } from '../../late-modules.ts';
import type { Value } from '../../qn/message.ts';
import { fieldsOf } from '../../qn/value.ts';
import { readKeyFile, type SigningKey } from '../../trust/key-file.ts';
import type { Action } from '../actions.ts';
import { plainText } from '../message-text.ts';
import { checkNames } from '../names.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, type OptionValues, textOption } from '../verb.ts';
import { openConversation } from './conversation.ts';
import { openMeter } from './meter.ts';

/** Times in a row without a word of the node, or with a broken connection. Over it: give up. */
const connectionsMax = 20;
const reconnectMs = 2_000;

export interface Image {
  readonly bytes: Uint8Array;
  readonly sha256: string;
  /** Version and hardware, and the address where the node finds it. */
  readonly names: { readonly [key: string]: Value };
}

/** Sends an image in pieces, from where the node has it, and has it written. The same again goes on where it was cut. */
export const mcuFlash: Action = {
  name: 'flash',
  operands: 'NODE MCU FILE',
  async run(context, [node = '', document = '', file = ''], options) {
    const names = checkNames(context, [node, document]);
    if (!names.ok) return names.error;
    const image = await readImageFile(context, file, options);
    if (!image.ok) return image.error;
    const signed = await keyOf(context, options);
    if (!signed.ok) return signed.error;
    const where = { ...names.value, ...signed.value };
    const isRetained = isSet(options, 'retain');
    if (isRetained && image.value.names['url'] === undefined) {
      context.err('qnctl mcu flash: an order waits at the broker with --from only; pieces need the node');
      return exitCodes.usage;
    }
    if (isRetained) return await leaveOrder(context, options, where, image.value);
    for (let count = 1; count <= connectionsMax; count += 1) {
      const ended = await flashOnce(context, options, where, image.value);
      // A broker that cannot be reached is told at once, unless it could be before.
      const isLost = ended === 'lost' || (ended === exitCodes.unavailable && count > 1);
      if (!isLost) return ended;
      if (context.signal.aborted) break;
      context.err(`qnctl mcu flash: no word from ${node}; asking again in ${reconnectMs / 1_000} s`);
      await sleep(context.clock, reconnectMs, context.signal);
    }
    context.err('qnctl mcu flash: not finished; the same command goes on where it is');
    return exitCodes.unavailable;
  },
};

async function readImageFile(
  context: CliContext,
  file: string,
  options: OptionValues,
): Promise<Result<Image, ExitCode>> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    context.err(`qnctl mcu flash: ${messageOf(cause)}`);
    return undefined;
  });
  if (bytes === undefined) return fail(exitCodes.io);
  if (bytes.length === 0 || bytes.length > imageBytesMax) {
    context.err(`qnctl mcu flash: ${file} has ${bytes.length} bytes; an image has 1 to ${imageBytesMax}`);
    return fail(exitCodes.data);
  }
  const from = textOption(options, 'from');
  if (from !== undefined && !/^https:\/\/[^/]/.test(from)) {
    context.err(`qnctl mcu flash: --from: an address like https://host/firmware.bin is needed, not ${from}`);
    return fail(exitCodes.usage);
  }
  const [version, hardware] = [textOption(options, 'version'), textOption(options, 'hardware')];
  const named = { ...(version !== undefined && { version }), ...(hardware !== undefined && { hardware }) };
  const names = { ...named, ...(from !== undefined && { url: from }) };
  return ok({ bytes, sha256: crypto().createHash('sha256').update(bytes).digest('hex'), names });
}

async function keyOf(
  context: CliContext,
  options: OptionValues,
): Promise<Result<{ readonly key?: SigningKey }, ExitCode>> {
  const file = textOption(options, 'sign');
  if (file === undefined) return ok({});
  const key = await readKeyFile(file);
  if (key.ok) return ok({ key: key.value });
  context.err(`qnctl mcu flash: ${key.error}`);
  return fail(exitCodes.data);
}

async function flashOnce(
  context: CliContext,
  options: OptionValues,
  where: { readonly node: string; readonly document: string; readonly key?: SigningKey },
  image: Image,
): Promise<ExitCode | 'lost'> {
  const opened = await openConversation(context, options, where);
  if (!opened.ok) return opened.error;
  await using conversation = opened.value;
  const state = await conversation.ask();
  if (state === undefined) return 'lost';
  const update = fieldsOf(fieldsOf(state)['update']);
  const pieceBytesMax = update['piece_bytes_max'];
  if (typeof pieceBytesMax !== 'number') {
    context.err(`qnctl mcu flash: ${where.document} of ${where.node} has no \`update\` in its config`);
    return exitCodes.failed;
  }
  if (image.names['url'] !== undefined) return await writeImage(context, options, conversation, image);
  const isHere = update['sha256'] === image.sha256 && typeof update['staged'] === 'number';
  const staged = update['written'] === image.sha256 ? image.bytes.length : isHere ? Number(update['staged']) : 0;
  const sent = await sendPieces(context, conversation, image, staged, Math.min(pieceBytesMax, 16_384));
  if (sent !== 'ok') return sent;
  return await writeImage(context, options, conversation, image);
}

type Conversation = Extract<Awaited<ReturnType<typeof openConversation>>, { ok: true }>['value'];

async function sendPieces(
  context: CliContext,
  conversation: Conversation,
  { bytes, sha256 }: Image,
  staged: number,
  pieceBytes: number,
): Promise<'ok' | 'lost' | ExitCode> {
  const meter = openMeter(context.clock);
  for (let offset = staged; offset < bytes.length; offset += pieceBytes) {
    context.progress?.(`sending ${meter.describe(offset, bytes.length)}`);
    const data = bytes.subarray(offset, offset + pieceBytes);
    const ack = await conversation.command(
      { piece: sha256, size: bytes.length, offset, data },
      { withinMs: conversation.timeoutMs },
    );
    if (ack === undefined) return conversation.isLost || context.signal.aborted ? 'lost' : exitCodes.unavailable;
    if (ack.why === 'version-gap') return 'lost'; // Something else is there than was said: ask again.
    if (ack.st === 'successful') continue;
    context.err(`qnctl mcu flash: ${ack.st}, ${ack.why ?? ''}: ${ack.detail ?? ''}`);
    return exitCodes.failed;
  }
  return 'ok';
}

/** The order stays at the broker until the node was there, which need not be now. */
async function leaveOrder(
  context: CliContext,
  options: OptionValues,
  where: { readonly node: string; readonly document: string; readonly key?: SigningKey },
  image: Image,
): Promise<ExitCode> {
  const opened = await openConversation(context, options, where);
  if (!opened.ok) return opened.error;
  await using conversation = opened.value;
  const ended = await writeImage(context, options, conversation, image, true);
  if (ended === 'lost' && !conversation.isLost) {
    context.out(`${where.node} is not there; the order waits for it at the broker`);
    return exitCodes.ok;
  }
  if (ended === 'lost') return exitCodes.unavailable;
  await conversation.forget(); // It was carried out, or refused for good: it need not come again.
  return ended;
}

async function writeImage(
  context: CliContext,
  options: OptionValues,
  conversation: Conversation,
  { bytes, sha256, names }: Image,
  isRetained = false,
): Promise<'lost' | ExitCode> {
  const isJson = isSet(options, 'json');
  const meter = openMeter(context.clock);
  let last = '';
  const onEvent = (value: Value) => {
    const update = fieldsOf(fieldsOf(value)['update']);
    const { phase, done, total } = update;
    if (phase === undefined) return;
    if (isJson) context.out(JSON.stringify({ update }));
    const progress = typeof done === 'number' && typeof total === 'number' ? ` ${meter.describe(done, total)}` : '';
    context.progress?.(`${plainText(phase)}${progress}`);
    if (phase !== last && !isJson && typeof total === 'number') context.out(`${plainText(phase)} …`);
    last = plainText(phase);
  };
  const order = { write: sha256, size: bytes.length, ...names };
  const ack = await conversation.command(order, { withinMs: Infinity, isSigned: true, isRetained, onEvent });
  if (ack === undefined) return 'lost';
  if (isJson) context.out(JSON.stringify({ status: ack.st, reason: ack.why, detail: ack.detail }));
  else if (ack.st === 'successful') context.out(`${sha256.slice(0, 12)} is written, verified, and runs`);
  else context.err(`qnctl mcu flash: ${ack.st}, ${ack.why ?? ''}: ${ack.detail ?? ''}`);
  return ack.st === 'successful' ? exitCodes.ok : exitCodes.failed;
}
