import { formatLine, type GpioBackend, type InputRequest, type OutputRequest } from './contract/digital.ts';
import { type DriverError, fail, ok, type Result } from './contract/result.ts';
import { findChips, surveyChips, withChip } from './gpiochip/chips.ts';
import { asFoundFlags, inputFlags, isUsed, outputFlags } from './gpiochip/flags.ts';
import { KeptLines } from './gpiochip/kept-lines.ts';
import {
  attachChipInput,
  attachChipOutput,
  attachFoundOutput,
  attachKeptOutput,
  type ChipHold,
} from './gpiochip/lines.ts';
import { type LinePlace, resolveLine } from './gpiochip/resolve.ts';
import { edgesQueuedCountMax } from './limits.ts';
import { loadNativeGpio, type NativeChip, type NativeGpio, type NativeLines } from './native/addon.ts';
import { driverError } from './system-error.ts';

export interface GpioChipOptions {
  /** The device files of the chips, asked at each opening. */
  readonly find?: () => Promise<Result<readonly string[]>>;
  readonly load?: () => Result<NativeGpio>;
  /** Lines that another process held until now, and gave us. */
  readonly kept?: KeptLines;
}

/**
 * GPIO through the character device of the kernel, version 2 of its interface. A line is held from opening to disposal,
 * and given back by the kernel when the process dies, whatever it dies of.
 *
 * Not promised: that an output keeps its level when it is given back; most chips leave it, some do not.
 */
export async function openGpioChip(options: GpioChipOptions = {}): Promise<Result<GpioBackend>> {
  const { find = () => findChips('/dev'), load = loadNativeGpio, kept = new KeptLines() } = options;
  const paths = await find();
  if (!paths.ok) return paths;
  const native = load();
  return native.ok ? ok(createBackend({ find, native: native.value, kept })) : native;
}

interface Surroundings {
  readonly find: () => Promise<Result<readonly string[]>>;
  readonly native: NativeGpio;
  readonly kept: KeptLines;
}

interface Setup {
  readonly flags: number;
  readonly values: bigint;
  readonly eventsCountMax: number;
}

function createBackend(surroundings: Surroundings): GpioBackend {
  const { kept } = surroundings;
  const open = async (request: OutputRequest | InputRequest, setup: Setup): Promise<Result<ChipHold>> => {
    const resource = formatLine(request.line);
    const place = await locate(surroundings, request);
    if (!place.ok) return place;
    const lines = requestLine(surroundings.native, place.value, request, setup);
    return lines.ok ? ok({ resource, native: surroundings.native, lines: lines.value }) : lines;
  };
  return {
    name: 'gpiochip',
    async openOutput(request) {
      const { initial } = request;
      const hold = await takeKept(surroundings, request);
      if (hold !== undefined) return attachKeptOutput(hold, initial, kept);
      if (initial === 'as-is') {
        const found = await open(request, { flags: asFoundFlags, values: 0n, eventsCountMax: 0 });
        return found.ok ? attachFoundOutput(found.value, kept) : found;
      }
      const opened = await open(request, { flags: outputFlags, values: BigInt(initial), eventsCountMax: 0 });
      return opened.ok ? ok(attachChipOutput(opened.value, kept)) : opened;
    },
    async openInput(request) {
      const hold = await takeKept(surroundings, request);
      hold?.native.close(hold.lines);
      const setup = { flags: inputFlags(request), values: 0n, eventsCountMax: edgesQueuedCountMax };
      const opened = await open(request, setup);
      return opened.ok ? attachChipInput(opened.value, request.edges) : opened;
    },
    freeKept: () => kept[Symbol.dispose](),
    async [Symbol.asyncDispose]() {
      kept[Symbol.dispose]();
    },
  };
}

/** The line of the request, if it is one that was kept, under whatever address. */
async function takeKept(
  { find, native, kept }: Surroundings,
  { line }: OutputRequest | InputRequest,
): Promise<ChipHold | undefined> {
  const same = kept.take(line);
  if (same !== undefined || kept.count === 0) return same;
  const paths = await find();
  if (!paths.ok) return undefined;
  const resource = formatLine(line);
  const { chips } = surveyChips(native, paths.value, resource);
  const place = resolveLine(chips, line);
  const other = place.ok ? kept.takeAt(place.value, chips) : undefined;
  return other === undefined ? undefined : { ...other, resource };
}

async function locate({ find, native }: Surroundings, { line }: OutputRequest | InputRequest) {
  const resource = formatLine(line);
  const paths = await find();
  if (!paths.ok) return fail({ ...paths.error, resource });
  const { chips, fault } = surveyChips(native, paths.value, resource);
  const place = resolveLine(chips, line);
  // A line that is not found may be on the chip that could not be looked at.
  return place.ok || fault === undefined ? place : fail(fault);
}

function requestLine(
  native: NativeGpio,
  { path, offset }: LinePlace,
  { line, consumer }: OutputRequest | InputRequest,
  setup: Setup,
): Result<NativeLines> {
  const resource = formatLine(line);
  let holder = '';
  const requested = withChip(native, path, resource, (chip) => {
    const lines = native.request(chip, { ...setup, offsets: [offset], debounceUs: 0, consumer });
    if (!lines.ok && lines.code === 'EBUSY') holder = holderOf(native, chip, offset);
    return lines;
  });
  return requested.ok || requested.error.kind !== 'busy' ? requested : fail(busyError(requested.error, holder));
}

function holderOf(native: NativeGpio, chip: NativeChip, offset: number): string {
  const info = native.line(chip, offset);
  if (!info.ok || !isUsed(info.value.flags)) return 'somebody who has just let go';
  return info.value.consumer === '' ? 'the kernel' : info.value.consumer;
}

/** The kernel's name for the holder is what people can act on. */
function busyError({ operation, resource, cause }: DriverError, holder: string): DriverError {
  const fixes = { busy: 'stop it, or give the line to one of them only; see gpioinfo' };
  return driverError('busy', { operation, resource, fixes }, `held by ${holder}`, cause);
}
