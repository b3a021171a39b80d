import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DriverClock, monotonicNs, pause, systemDriverClock } from './clock.ts';
import {
  type DigitalInput,
  type DigitalOutput,
  type Edge,
  formatLine,
  type GpioBackend,
  type InputRequest,
  isWantedEdge,
  type LineAddress,
  type OutputRequest,
} from './contract/digital.ts';
import { fail, ok, type Result } from './contract/result.ts';
import type { SimulatedBoard, SimulatedLine, SimulatedWeather } from './simulated/board.ts';
import { closedError, driverError } from './system-error.ts';

export interface SimulatedGpioOptions {
  readonly weather?: SimulatedWeather;
  readonly clock?: DriverClock;
  /** Stamps of edges, exact as those of a kernel. */
  readonly nowNs?: () => bigint;
}

/** GPIO without hardware: the same contract over the wires of a simulated board. */
export function createSimulatedGpio(board: SimulatedBoard, options: SimulatedGpioOptions = {}): GpioBackend {
  const { weather = {}, clock = systemDriverClock, nowNs } = options;
  let isOpen = true;
  const claim = async (request: OutputRequest | InputRequest): Promise<Result<SimulatedLine>> => {
    if (weather.openLatencyMs !== undefined) await pause(clock, weather.openLatencyMs);
    const name = formatLine(request.line);
    return isOpen ? board.claim(name, request.consumer) : fail(closedError('open', name));
  };
  return {
    name: 'simulated',
    async openOutput(request) {
      const claimed = await claim(request);
      return claimed.ok ? attachOutput(request, claimed.value, weather) : claimed;
    },
    async openInput(request) {
      const claimed = await claim(request);
      return claimed.ok ? attachInput(request, claimed.value, nowNs) : claimed;
    },
    async [Symbol.asyncDispose]() {
      isOpen = false;
    },
  };
}

function attachOutput(request: OutputRequest, line: SimulatedLine, weather: SimulatedWeather): Result<DigitalOutput> {
  const resource = formatLine(request.line);
  const found = line.level();
  const first = request.initial === 'as-is' ? found : ok(request.initial);
  const driven = first.ok ? line.drive(first.value) : first;
  if (!driven.ok) {
    line.release();
    return driven;
  }
  let isOpen = true;
  let writesLeftCount = weather.failWritesAfterCount ?? Number.POSITIVE_INFINITY;
  return ok({
    resource,
    supports: { readBack: true },
    ...(found.ok && { found: found.value }),
    write(level) {
      if (!isOpen) return fail(closedError('write', resource));
      if (writesLeftCount === 0) return fail(stormError(resource, weather));
      writesLeftCount -= 1;
      return line.drive(level);
    },
    readBack: () => (isOpen ? line.level() : fail(closedError('read', resource))),
    async [Symbol.asyncDispose]() {
      if (isOpen) line.release();
      isOpen = false;
    },
  });
}

function attachInput(request: InputRequest, line: SimulatedLine, nowNs?: () => bigint): Result<DigitalInput> {
  const resource = formatLine(request.line);
  let isOpen = true;
  let listener: ((edge: Edge) => void) | undefined;
  const stamp = () => (nowNs === undefined ? { atNs: monotonicNs() } : { atNs: nowNs(), isExact: true });
  const sensed = line.sense(request.bias, (level) => {
    if (isOpen && isWantedEdge(level, request.edges)) listener?.({ level, ...stamp() });
  });
  if (!sensed.ok) {
    line.release();
    return sensed;
  }
  return ok({
    resource,
    read: () => (isOpen ? line.level() : fail(closedError('read', resource))),
    onEdge(next) {
      listener = next;
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) line.release();
      isOpen = false;
    },
  });
}

function stormError(resource: string, { writeErrorKind = 'io', failWritesAfterCount }: SimulatedWeather) {
  const detail = `the simulated weather fails writes after the first ${failWritesAfterCount}`;
  return driverError(writeErrorKind, { operation: 'write', resource }, detail);
}

/**
 * Lays out a board in a folder; lines that are there already keep their levels. See simulated/folder-board.ts for what
 * the files mean.
 */
export function createSimulatedBoard(folder: string, lines: readonly LineAddress[]): void {
  for (const line of lines) {
    const lineFolder = join(folder, formatLine(line));
    mkdirSync(lineFolder, { recursive: true });
    writeNew(join(lineFolder, 'value'), '0\n');
    writeNew(join(lineFolder, 'pull'), '');
  }
}

/** Leaves alone what a running board or a person wrote there before. */
function writeNew(path: string, text: string): void {
  if (!existsSync(path)) writeFileSync(path, text);
}
