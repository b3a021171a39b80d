import { type DriverError, fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { mcuExitMsMax } from '../../../firmware-bridge/limits.ts';
import type { Channel, Hello, SafeReason } from '../../../firmware-bridge/link/bodies.ts';
import type { McuConfig } from '../../config/mcu-config.ts';
import type { Value } from '../../qn/message.ts';
import type { DocumentSurroundings, Effect, OpenDocument, Performed } from '../kind.ts';
import { AwayReset } from './away-reset.ts';
import { ChannelSet } from './channel-set.ts';
import { ControlLines } from './control-lines.ts';
import { describeLink } from './describe.ts';
import { LinkStorm } from './link-storm.ts';
import { LogEvents } from './log-events.ts';
import { McuLink } from './mcu-link.ts';
import { type McuUpdate, noUpdate, openMcuUpdate } from './mcu-update.ts';
import { readBody } from './read-body.ts';

export async function openMcu(config: McuConfig, surroundings: DocumentSurroundings): Promise<Result<OpenDocument>> {
  const lines = await ControlLines.open(config, surroundings);
  return lines.ok ? ok(await McuDocument.open(config, surroundings, lines.value)) : lines;
}

/** The document of a microcontroller: its link, its channels, and what becomes of them when it is out of reach. */
class McuDocument implements OpenDocument {
  readonly #config: McuConfig;
  readonly #surroundings: DocumentSurroundings;
  readonly #lines: ControlLines;
  readonly #logs: LogEvents;
  readonly #channels: ChannelSet;
  #link: McuLink | undefined;
  #peer: Hello | undefined;
  #isUp = false;
  #safe: SafeReason = 'none';
  #lastId: number;
  #malformedCount = 0;
  #malformedWhy: string | undefined;
  #assumeTimer: Disposable | undefined;
  #offlineTimer: Disposable | undefined;
  readonly #awayReset: AwayReset;
  readonly #storm: LinkStorm;
  #isOpen = true;
  #update: McuUpdate | undefined;

  private constructor(config: McuConfig, surroundings: DocumentSurroundings, lines: ControlLines) {
    const { clock, random, happened } = surroundings;
    this.#config = config;
    this.#surroundings = surroundings;
    this.#lines = lines;
    this.#logs = new LogEvents(clock, happened);
    this.#lastId = Math.trunc(random() * 2 ** 12) << 20; // QN-3.3.
    this.#awayReset = new AwayReset(clock, config.reset?.afterMs, (afterMs) => this.#resetAway(afterMs));
    this.#storm = new LinkStorm(clock);
    const send: McuLink['send'] = (body, how) => this.#link?.send(body, how) ?? Promise.resolve(fail(this.#closed()));
    const trouble = () => (this.#link === undefined ? this.#closed() : this.#link.trouble);
    this.#channels = new ChannelSet(config, surroundings, {
      clock,
      nextId: () => this.#nextId(),
      link: {
        send,
        lift: async () => await this.#link?.lift(),
        get trouble() {
          return trouble();
        },
      },
    });
  }

  static async open(config: McuConfig, surroundings: DocumentSurroundings, lines: ControlLines): Promise<McuDocument> {
    const mcu = new McuDocument(config, surroundings, lines);
    mcu.#link = await McuLink.open(config, surroundings, {
      onUp: (peer, channels) => mcu.#up(peer, channels),
      onDown: (error) => mcu.#down(error),
      onData: (body) => mcu.#hear(body),
      onSafe: (reason) => mcu.#safeIs(reason),
      onLog: (level, text) => mcu.#log(level, text),
    });
    lines.bind(mcu.#link);
    const { trouble } = mcu.#link;
    if (!mcu.#isUp && trouble !== undefined) mcu.#down(trouble);
    mcu.#update = await openMcuUpdate(config, surroundings, mcu.#link, lines, () => mcu.#tell());
    mcu.#update?.greeted(mcu.#isUp ? mcu.#peer?.firmwareVersion : undefined);
    mcu.#tell();
    return mcu;
  }

  async perform(effect: Effect): Promise<Performed> {
    if (effect.do === 'firmware') return (await this.#update?.perform(effect.order)) ?? fail(noUpdate);
    if (effect.do !== 'restart')
      return fail({ reason: 'unsupported', detail: 'a microcontroller takes {"reset": true}' });
    return await this.#restart(effect.intoBootloader ? 'bootloader' : 'program');
  }

  /** Its outputs have one safe state, which the firmware knows; without a broker for so long they are asked into it. */
  online(isOnline: boolean): void {
    const { offline } = this.#config.safe;
    this.#offlineTimer?.[Symbol.dispose]();
    this.#offlineTimer = undefined;
    if (offline === undefined || !this.#isOpen) return;
    if (!isOnline) this.#offlineTimer = this.#surroundings.clock.after(offline.afterMs, () => this.#link?.goSafe());
    else if (offline.restore) void this.#link?.lift();
  }

  probe(): Result<string> {
    const error = this.#link === undefined ? this.#closed() : this.#link.trouble;
    if (error !== undefined) return fail(error);
    const count = Object.keys(this.#channels.describe()).length;
    return ok(`link up, firmware ${this.#peer?.firmwareVersion ?? '?'}, ${count} channels`);
  }

  about(): { readonly [key: string]: Value } {
    const counters = this.#link?.bridge?.counters;
    return {
      ...this.#value(),
      channels: Object.keys(this.#channels.describe()).length,
      ...(counters === undefined ? {} : describeLink(counters)),
      malformed: this.#malformedCount,
      ...(this.#malformedWhy === undefined ? {} : { malformed_why: this.#malformedWhy }),
      logs_dropped: this.#logs.droppedCount,
    };
  }

  /** The outputs go to their safe state now, and not only when the watchdog over there notices. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOpen = false;
    for (const timer of [this.#assumeTimer, this.#offlineTimer, this.#awayReset, this.#storm])
      timer?.[Symbol.dispose]();
    if (this.#config.safe.exit === 'safe' && this.#isUp) {
      await this.#link?.settleSafe(mcuExitMsMax);
      this.#assumeSafe();
    }
    await this.#update?.[Symbol.asyncDispose]();
    await this.#link?.[Symbol.asyncDispose]();
    await this.#lines[Symbol.asyncDispose]();
  }

  #up(peer: Hello, channels: readonly Channel[]): void {
    const { log, happened, troubled, name } = this.#surroundings;
    this.#peer = peer;
    this.#isUp = true;
    this.#update?.greeted(peer.firmwareVersion);
    this.#awayReset.disarm();
    this.#assumeTimer?.[Symbol.dispose]();
    const faults = this.#channels.update(channels);
    for (const fault of faults) log.warn({ document: name }, `${fault}; it is left out`);
    this.#storm.up(() => {
      this.#tell();
      happened({ link: 'up', firmware: peer.firmwareVersion });
      troubled(undefined);
    });
  }

  #down(error: DriverError): void {
    const { clock, happened, troubled } = this.#surroundings;
    this.#isUp = false;
    this.#update?.greeted(undefined);
    for (const channel of this.#channels.documents()) channel.lose(error);
    this.#assumeTimer?.[Symbol.dispose]();
    if (!this.#isOpen) return; // Another one may have its place by the time of what follows.
    this.#assumeTimer = clock.after(this.#config.watchdogMs, () => this.#assumeSafe());
    this.#awayReset.arm();
    const told = this.#storm.down(error);
    if (told === undefined) return;
    this.#tell();
    happened({ link: 'down', why: told.detail });
    troubled(told);
  }

  #assumeSafe(): void {
    if (this.#safe === 'none') this.#safe = 'watchdog';
    for (const channel of this.#channels.documents()) channel.assumeSafe();
    this.#tell();
  }

  #safeIs(reason: SafeReason): void {
    this.#safe = reason;
    if (this.#isUp) this.#tell();
    if (!this.#isOpen) return;
    if (reason !== 'none') for (const channel of this.#channels.documents()) channel.enterSafe();
    // The others pass by themselves as soon as the link is up.
    const isLasting = reason === 'asked' || reason === 'local';
    this.#surroundings.safe(isLasting ? safeTexts[reason] : undefined);
  }

  #tell(): void {
    this.#surroundings.changed(this.#value());
  }

  #value(): { readonly [key: string]: Value } {
    const firmware = this.#peer === undefined ? {} : { firmware: this.#peer.firmwareVersion };
    const update = this.#update === undefined ? {} : { update: this.#update.value };
    return {
      link: this.#isUp && !this.#storm.isOn ? 'up' : 'down',
      ...firmware,
      ...update,
      safe: this.#safe,
      channels: this.#channels.describe(),
    };
  }

  #hear(body: Uint8Array): void {
    const read = readBody(body, this.#surroundings.clock.wallMs());
    if (!read.ok) return this.#refuse(read.error.detail);
    const { channel, stampMs } = read.value;
    const document = this.#channels.of(channel);
    if (document === undefined) return this.#refuse(`there is no channel ${channel}`);
    const ageMs = stampMs === undefined ? undefined : this.#link?.bridge?.ageOf(stampMs);
    if (!document.hear(read.value, ageMs)) this.#refuse(`that is no value of channel ${document.name}`);
  }

  /** What it said makes no sense; nothing changes, and the health report says why. */
  #refuse(why: string): void {
    this.#malformedCount += 1;
    this.#malformedWhy = why;
  }

  #log(level: number, text: string): void {
    this.#surroundings.log.info({ document: this.#surroundings.name, mcu_level: level }, text);
    this.#logs.tell(level, text);
  }

  async #restart(into: 'program' | 'bootloader'): Promise<Performed> {
    const pulseMs = this.#config.reset?.pulseMs ?? 0;
    if (this.#lines.hasReset || into === 'bootloader') return await this.#lines.restart(into, pulseMs);
    const { trouble } = this.#link ?? { trouble: this.#closed() };
    if (trouble !== undefined) return fail(trouble);
    this.#link?.restart();
    return ok();
  }

  async #resetAway(afterMs: number): Promise<void> {
    if (this.#isUp) return;
    if (this.#link?.isLent === true) return this.#awayReset.anew(); // An update is at it.
    const done = await this.#restart('program');
    this.#surroundings.happened({ reset: done.ok ? 'done' : 'failed', why: `it was away for ${afterMs / 1_000} s` });
    if (this.#isOpen) this.#awayReset.arm();
  }

  #nextId(): number {
    this.#lastId = ((this.#lastId & 0xfff0_0000) | ((this.#lastId + 1) & 0x000f_ffff)) >>> 0;
    return this.#lastId;
  }

  #closed(): DriverError {
    return { kind: 'closed', operation: 'use', resource: this.#config.port, detail: 'the link is not open' };
  }
}

const safeTexts = {
  asked: 'the outputs of the microcontroller are in their safe state: offline',
  local: 'the outputs of the microcontroller are in their safe state: stopped at the machine',
} as const;
