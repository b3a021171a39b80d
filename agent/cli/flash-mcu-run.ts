import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describeError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import type { Config } from '../config/config.ts';
import { readOnlyFiles } from '../config/generations/read-only-files.ts';
import type { McuConfig } from '../config/mcu-config.ts';
import { ControlLines } from '../documents/mcu/control-lines.ts';
import { McuLink } from '../documents/mcu/mcu-link.ts';
import { type McuUpdate, openMcuUpdate } from '../documents/mcu/mcu-update.ts';
import { imageBytesMax, pieceBytesMax } from '../firmware/limits.ts';
import { poolProfiles } from '../limits.ts';
import { silentLog } from '../log.ts';
import type { Value } from '../qn/message.ts';
import { fieldsOf } from '../qn/value.ts';
import { becomeOwnerOf } from './become-owner.ts';
import type { chooseConfig } from './choose-config.ts';
import { openDrivers } from './live-environment.ts';
import { openMeter } from './mcu/meter.ts';
import { plainText } from './message-text.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionValues } from './verb.ts';

export interface LocalFlash {
  readonly file: string;
  readonly mcu: string | undefined;
  readonly hardware: string | undefined;
}

type Code = keyof typeof exitCodes;

/**
 * Writes the program as the agent does, without a broker. Each can finish what the other began, so root acts as the owner of
 * the state folder.
 */
export async function flashLocally(
  context: CliContext,
  options: OptionValues,
  choose: typeof chooseConfig,
  order: LocalFlash,
): Promise<ExitCode> {
  const chosen = await choose(context, options, readOnlyFiles()); // As the agent would start, which may be what was pushed.
  if (!chosen.ok) return chosen.error;
  return exitCodes[await flashWith(context, chosen.value.boot.checked.config, order)];
}

async function flashWith(context: CliContext, config: Config, order: LocalFlash): Promise<Code> {
  const found = chooseMcu(config, order.mcu);
  if (!found.ok) return refuse(context, found.error, 'usage');
  const [name, mcu] = found.value;
  if (mcu.update === undefined) {
    const why = `the config of ${name} does not say how its program is written; add \`update: { over: stk500 }\` or smp`;
    return refuse(context, why, 'config');
  }
  const image = await readFile(order.file).catch((cause: unknown) => String(cause));
  if (typeof image === 'string') return refuse(context, image, 'io');
  if (image.length === 0 || image.length > imageBytesMax) {
    return refuse(context, `${order.file} has ${image.length} bytes; an image has 1 to ${imageBytesMax}`, 'data');
  }
  const become = await becomeOwnerOf(config.stateFolder);
  if (!become.ok) return refuse(context, become.error, 'permission');
  const opened = await openMcu(context, config, name, mcu);
  if (!opened.ok) {
    const isTaken = opened.error.kind === 'busy';
    const hint = isTaken ? '; stop the agent first (systemctl stop qn-agent), or use qnctl mcu flash' : '';
    return refuse(context, `${describeError(opened.error)}${hint}`, 'io');
  }
  await using workshop = opened.value;
  const hardware = order.hardware === undefined ? {} : { hardware: order.hardware };
  return await write(context, workshop.update, image, hardware);
}

async function write(
  context: CliContext,
  update: McuUpdate,
  image: Buffer,
  names: { readonly [key: string]: Value },
): Promise<Code> {
  const sha256 = createHash('sha256').update(image).digest('hex');
  const size = image.length;
  for (let offset = 0; offset < size; offset += pieceBytesMax) {
    const data = image.subarray(offset, offset + pieceBytesMax);
    const put = await update.perform({ piece: sha256, size, offset, data });
    if (!put.ok) return refuse(context, detailOf(put.error), 'io');
  }
  const written = await update.perform({ write: sha256, size, ...names });
  if (!written.ok) return refuse(context, detailOf(written.error), 'failed');
  context.out(`${sha256.slice(0, 12)} is written, verified, and runs`);
  return 'ok';
}

interface Workshop extends AsyncDisposable {
  readonly update: McuUpdate;
}

async function openMcu(context: CliContext, config: Config, name: string, mcu: McuConfig): Promise<Result<Workshop>> {
  const { clock, random } = context;
  const { openGpio, openBytePort } = openDrivers(context);
  const stack = new AsyncDisposableStack();
  const gpio = await openGpio(config.gpio);
  if (gpio.ok) stack.use(gpio.value);
  const lines = await ControlLines.open(mcu, { clock, gpio });
  if (!lines.ok) {
    await stack.disposeAsync();
    return lines;
  }
  stack.use(lines.value);
  let update: McuUpdate | undefined;
  const link = stack.use(
    await McuLink.open(
      mcu,
      { clock, random, log: silentLog, openBytePort },
      {
        onUp: (peer) => update?.greeted(peer.firmwareVersion),
        onDown: () => update?.greeted(undefined),
        onData() {},
        onSafe() {},
        onLog() {},
      },
    ),
  );
  lines.value.bind(link);
  const { trouble } = link;
  if (trouble !== undefined && trouble.kind !== 'timeout' && trouble.kind !== 'unsupported') {
    await stack.disposeAsync();
    return fail(trouble);
  }
  const meter = openMeter(clock);
  const pool = { payloadBytesMax: poolProfiles.standard.large.payloadBytes };
  const happened = (value: Value) => {
    const { phase, done, total } = fieldsOf(fieldsOf(value)['update']);
    if (typeof done !== 'number' || typeof total !== 'number') return;
    context.progress?.(`${plainText(phase)} ${meter.describe(done, total)}`);
  };
  // Whoever stands at the board says which program it is to be: an update that was cut does not come first.
  const around = { clock, log: silentLog, name, pool, stateFolder: config.stateFolder, happened, resumes: false };
  update = await openMcuUpdate(mcu, around, link, lines.value, () => {});
  assert(update !== undefined, 'the config was asked for it before');
  if (link.trouble === undefined) update.greeted(link.firmware);
  stack.use(update);
  return ok({ update, [Symbol.asyncDispose]: () => stack.disposeAsync() });
}

function chooseMcu({ documents }: Config, wanted: string | undefined): Result<[string, McuConfig], string> {
  const all = Object.entries(documents).flatMap(([name, document]) =>
    document.driver === 'mcu' ? [[name, document] as [string, McuConfig]] : [],
  );
  const names = all.map(([name]) => name).join(', ');
  const chosen = wanted === undefined ? all : all.filter(([name]) => name === wanted);
  const [first] = chosen;
  if (first !== undefined && chosen.length === 1) return ok(first);
  if (all.length === 0) return fail('there is no document with `driver: mcu` in the config');
  return fail(wanted === undefined ? `which one? --mcu ${names}` : `no microcontroller ${wanted}; there is ${names}`);
}

function detailOf(error: { readonly detail: string }): string {
  return error.detail;
}

function refuse(context: CliContext, detail: string, code: Code): Code {
  context.err(`qn-agent flash-mcu: ${detail}`);
  return code;
}
