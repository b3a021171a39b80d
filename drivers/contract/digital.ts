import type { DriverError, Result } from './result.ts';

/** The electrical level of a line: 1 is high. Active-low is the binding's business and never reaches a driver. */
export type Level = 0 | 1;

/**
 * One line that is driven.
 *
 * For users: `write` is synchronous because it is one system call of microseconds. When it returns ok, the kernel was
 * told; the voltage on the wire is not promised (a short circuit, a missing pull-up or a burnt pin is not seen).
 * After an error the level is unknown until a later write succeeds.
 *
 * For implementers: open with `initial` already driven, without a glitch to the other level. Writing the level the line
 * already has must not disturb it. Disposal is idempotent; afterwards every call fails with kind `closed`.
 */
export interface DigitalOutput extends AsyncDisposable {
  /** As in the config: `GPIO17`, or `pinctrl-bcm2711:17`. */
  readonly resource: string;
  readonly supports: DigitalOutputSupport;
  /** The level it had before it was opened with `initial`. Absent: the driver did not see it. */
  readonly found?: Level;
  /** What holds the line, where another process can be given it as well; for the driver it is from, opaque to all others. */
  readonly held?: object;
  write(level: Level): Result<void>;
  /** The level at the line as the hardware reports it; kind `unsupported` where it cannot. */
  readBack(): Result<Level>;
  /**
   * Ends this output as disposal does, but not its line: the backend goes on to hold that, with its level, for whoever opens
   * it next, or until `freeKept`. Absent: the backend cannot.
   */
  keep?(): void;
  /** Called once when the line is gone by itself, the last listener. Absent: only `write` tells. It must not throw. */
  onLost?(listener: (error: DriverError) => void): void;
}

export interface DigitalOutputSupport {
  /** `readBack` asks the hardware, not a remembered value. */
  readonly readBack: boolean;
}

export interface Edge {
  /** Level after the edge. */
  readonly level: Level;
  /** Monotonic clock, nanoseconds. From the kernel where the driver has it, else taken on arrival. */
  readonly atNs: bigint;
  /** The stamp is from the kernel: of when it happened, however late it was read. */
  readonly isExact?: boolean;
  /**
   * Edges since the last one told that came too fast to be told one by one: the driver knows how many, by the numbers the
   * kernel gives them. Absent where it is none, and where nobody counts.
   */
  readonly missedCount?: number;
}

/**
 * One line that is observed.
 *
 * For users: edges come in the order they happened. An edge is not promised for a pulse shorter than the hardware or
 * the kernel can see, and none for the level found at opening: call `read` once.
 *
 * For implementers: no edge may be delivered after disposal, nor twice, nor, if changes were asked for, with the level that
 * was already told.
 */
export interface DigitalInput extends AsyncDisposable {
  readonly resource: string;
  read(): Result<Level>;
  /** One listener at a time; setting another replaces it. It must not throw. */
  onEdge(listener: (edge: Edge) => void): void;
  /** Called once when the line is gone by itself: no edge comes any more. Absent: only `read` tells. It must not throw. */
  onLost?(listener: (error: DriverError) => void): void;
}

export type EdgeKind = 'rising' | 'falling' | 'both';

export type Bias = 'as-is' | 'disabled' | 'pull-up' | 'pull-down';

/** A line by its name, or by chip label and offset. Never by chip number: those move between kernels. */
export type LineAddress = string | { readonly chip: string; readonly offset: number };

export interface OutputRequest {
  readonly line: LineAddress;
  /**
   * `as-is`: drive the level the line was found with, without a glitch; `readBack` tells which. Fails with `unsupported`
   * where the driver cannot read a line before it drives it.
   */
  readonly initial: Level | 'as-is';
  /** Shown by `gpioinfo` as the holder, at most 31 bytes. */
  readonly consumer: string;
}

export interface InputRequest {
  readonly line: LineAddress;
  readonly bias: Bias;
  /** What is told: each change of the level (default), or, to be counted, every edge that goes this way. */
  readonly edges?: 'changes' | EdgeKind;
  readonly consumer: string;
}

/** For a driver that hears of every change of the level: whether this one, to `level`, was asked for. */
export function isWantedEdge(level: Level, edges: InputRequest['edges'] = 'changes'): boolean {
  return edges === 'changes' || edges === 'both' || (edges === 'rising') === (level === 1);
}

/** One way to reach GPIO lines. Lines it opened are disposed of by whoever opened them, not by the backend. */
export interface GpioBackend extends AsyncDisposable {
  readonly name: 'gpiochip' | 'sysfs' | 'simulated';
  openOutput(request: OutputRequest): Promise<Result<DigitalOutput>>;
  openInput(request: InputRequest): Promise<Result<DigitalInput>>;
  /** Lets go of the lines that were kept and that nobody has opened since. */
  freeKept?(): void;
}

export function formatLine(line: LineAddress): string {
  return typeof line === 'string' ? line : `${line.chip}:${line.offset}`;
}
