import { pause } from '../../../drivers/clock.ts';
import type { BytePort, ModemLines } from '../../../drivers/contract/byte-port.ts';
import { type DriverError, fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { KeptPort } from '../../../drivers/serial/kept-port.ts';
import { mcuFirstUpMsMax, mcuLiftMsMax } from '../../../firmware-bridge/limits.ts';
import type { Channel, Hello, SafeReason } from '../../../firmware-bridge/link/bodies.ts';
import { type McuBridge, openBridge } from '../../../firmware-bridge/link/bridge.ts';
import type { SendOptions } from '../../../firmware-bridge/link/sender.ts';
import type { McuConfig } from '../../config/mcu-config.ts';
import type { DocumentSurroundings } from '../kind.ts';
import { createPortView, type PortView } from './port-view.ts';

/** None of them may throw. */
export interface McuLinkHandlers {
  onUp(peer: Hello, channels: readonly Channel[]): void;
  /** It was up, or the reason why it is not is another one. */
  onDown(error: DriverError): void;
  onData(body: Uint8Array): void;
  onSafe(reason: SafeReason): void;
  onLog(level: number, text: string): void;
}

type LinkSurroundings = Pick<DocumentSurroundings, 'clock' | 'random' | 'log' | 'openBytePort'>;

/** The link over a port that comes and goes. Each opening of the port has a bridge of its own. */
export class McuLink implements AsyncDisposable {
  readonly #config: McuConfig;
  readonly #surroundings: LinkSurroundings;
  readonly #handlers: McuLinkHandlers;
  #line: KeptPort | undefined;
  #view: PortView | undefined;
  #bridge: McuBridge | undefined;
  #trouble: DriverError | undefined;
  #isLent = false;
  #isSafeWanted = false;
  readonly #first = Promise.withResolvers<void>();
  readonly #waiting: (() => void)[] = []; // One per command that is performed, at most one per channel.

  private constructor(config: McuConfig, surroundings: LinkSurroundings, handlers: McuLinkHandlers) {
    this.#config = config;
    this.#surroundings = surroundings;
    this.#handlers = handlers;
    this.#trouble = this.#unanswered();
  }

  /** Resolves when it is up, when it is known that it is not, or after a moment. */
  static async open(config: McuConfig, surroundings: LinkSurroundings, handlers: McuLinkHandlers): Promise<McuLink> {
    const { clock, random, openBytePort, log } = surroundings;
    const link = new McuLink(config, surroundings, handlers);
    const open = () => openBytePort(config.port, config.settings);
    const listeners = {
      onOpen(port: BytePort) {
        if (port.warning !== undefined) log.warn({ port: port.resource }, port.warning);
        link.#begin(port);
      },
      onData: (chunk: Uint8Array) => link.#view?.deliver(chunk),
      onTrouble: (error: DriverError) => link.#lost(error),
    };
    link.#line = await KeptPort.open(config.port, { clock, random, open }, listeners);
    if (link.#line.trouble === undefined) await Promise.race([link.#first.promise, pause(clock, mcuFirstUpMsMax)]);
    return link;
  }

  /** Why nothing can be sent; undefined while the link is up. */
  get trouble(): DriverError | undefined {
    return this.#line?.trouble ?? this.#trouble;
  }

  /** What the program said it is, when it greeted last. */
  get firmware(): string | undefined {
    return this.#bridge?.peer?.firmwareVersion;
  }

  /** Somebody else talks over the port. */
  get isLent(): boolean {
    return this.#isLent;
  }

  /** While the port is open, the link up or not. */
  get bridge(): McuBridge | undefined {
    return this.#bridge;
  }

  /** Ok when the microcontroller has it, undefined when it was left out. The body must stay untouched until then. */
  async send(body: Uint8Array, how: SendOptions): Promise<Result<void> | undefined> {
    const { trouble } = this;
    const bridge = this.#bridge;
    if (trouble !== undefined || bridge === undefined) return fail(trouble ?? this.#unanswered());
    const sent = await bridge.send(body, how);
    if (sent === undefined || sent.ok || sent.error.kind !== 'closed') return sent;
    return fail({ ...sent.error, kind: 'timeout', detail: `${sent.error.detail}; it may have had its effect` });
  }

  /** Of the port, lent or not. */
  async setModem(lines: ModemLines): Promise<Result<void>> {
    return (await this.#line?.setModem(lines)) ?? fail(this.#unanswered());
  }

  /** Asks for the safe state of all outputs, over restarts of the microcontroller, until `lift`. */
  goSafe(): void {
    this.#isSafeWanted = true;
    this.#bridge?.goSafe();
  }

  /** The same, and waits until the microcontroller says so; it has a watchdog should it not. */
  async settleSafe(msMax: number): Promise<void> {
    const bridge = this.#bridge;
    this.goSafe();
    if (bridge === undefined || bridge.safe !== 'none') return;
    await Promise.race([this.#nextSafe(), pause(this.#surroundings.clock, msMax)]);
  }

  /** Ends what `goSafe` began, and waits a moment until the microcontroller knows. */
  async lift(): Promise<void> {
    this.#isSafeWanted = false;
    const bridge = this.#bridge;
    if (bridge === undefined || bridge.safe !== 'asked') return;
    bridge.liftSafe();
    await Promise.race([this.#nextSafe(), pause(this.#surroundings.clock, mcuLiftMsMax)]);
  }

  /** The session begins anew; what the microcontroller does meanwhile is up to it. */
  restart(): void {
    this.#bridge?.restart();
  }

  /** Stops the link and hands out the port, for a bootloader or another protocol; `giveBack` begins the link again. */
  async lend(why: string): Promise<Result<LentPort>> {
    if (this.#line === undefined || this.#line.trouble !== undefined)
      return fail(this.#line?.trouble ?? this.#unanswered());
    if (this.#isLent)
      return fail({ ...this.#unanswered(), kind: 'busy', detail: 'the port is lent to another update' });
    this.#isLent = true;
    await this.#bridge?.[Symbol.asyncDispose]();
    this.#bridge = undefined;
    const { fix: _, ...lent } = this.#unanswered();
    this.#down({ ...lent, kind: 'busy', detail: why });
    const view = this.#viewOf(undefined);
    this.#view = view;
    return ok({
      port: view.port,
      giveBack: () => {
        this.#isLent = false;
        if (this.#line?.trouble === undefined) this.#begin(undefined);
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#bridge?.[Symbol.asyncDispose]();
    this.#bridge = undefined;
    await this.#line?.[Symbol.asyncDispose]();
  }

  /** The next word of the microcontroller about its safe state, or the end of the link. */
  #nextSafe(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #begin(port: BytePort | undefined): void {
    const { clock, random } = this.#surroundings;
    this.#view = this.#viewOf(port);
    if (this.#isLent) return;
    this.#trouble = this.#unanswered();
    const bridge = openBridge(
      this.#view.port,
      clock,
      { watchdogMs: this.#config.watchdogMs, random },
      {
        ...this.#handlers,
        onUp: (peer, channels) => {
          this.#trouble = undefined;
          this.#handlers.onUp(peer, channels);
          this.#first.resolve();
        },
        onDown: (error) => this.#down(this.#describe(error)),
        onSafe: (reason) => {
          for (const wake of this.#waiting.splice(0)) wake();
          this.#handlers.onSafe(reason);
        },
      },
    );
    this.#bridge = bridge;
    if (this.#isSafeWanted) bridge.goSafe();
  }

  /** The port went away; the bridge settles what was under way. */
  #lost(error: DriverError): void {
    const bridge = this.#bridge;
    this.#bridge = undefined;
    if (bridge === undefined) this.#down(error);
    this.#view?.lose(error);
    this.#view = undefined;
    this.#first.resolve();
  }

  #down(error: DriverError): void {
    const isNews = this.#trouble === undefined || this.#trouble.detail !== error.detail;
    this.#trouble = error;
    for (const wake of this.#waiting.splice(0)) wake();
    if (isNews) this.#handlers.onDown(error);
    if (error.kind === 'unsupported') this.#first.resolve();
  }

  /** The bridge calls everything `closed`; commands are answered by what it means for them (QN-4.8). */
  #describe(error: DriverError): DriverError {
    const isRefused = this.#bridge?.state === 'refused';
    if (isRefused) return { ...error, kind: 'unsupported', fix: 'flash a firmware that fits this agent' };
    return this.#bridge?.state === 'closed' || this.#bridge === undefined ? error : { ...error, kind: 'timeout' };
  }

  #unanswered(): DriverError {
    return {
      kind: 'timeout',
      operation: 'link',
      resource: this.#config.port,
      detail: 'the microcontroller does not answer',
      fix: 'check power, wiring (RX to TX), baud, and that its firmware speaks the QN link',
    };
  }

  #viewOf(port: BytePort | undefined): PortView {
    return createPortView(this.#config.port, (bytes, timeoutMs) => {
      // The first port is told before there is a line to hold it.
      return (
        this.#line?.write(bytes, timeoutMs) ??
        port?.write(bytes, timeoutMs) ??
        Promise.resolve(fail(this.#unanswered()))
      );
    });
  }
}

export interface LentPort {
  /** Its disposal does nothing; it is told when the device goes away. */
  readonly port: BytePort;
  giveBack(): void;
}
