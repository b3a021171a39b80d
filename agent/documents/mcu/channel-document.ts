import { type DriverError, fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { mcuReportMsMax } from '../../../firmware-bridge/limits.ts';
import type { Channel } from '../../../firmware-bridge/link/bodies.ts';
import type { ChannelValue } from '../../../firmware-bridge/link/channel-value.ts';
import type { Clock } from '../../clock.ts';
import { type CompactFields, encodeCompact } from '../../qn/compact.ts';
import type { Value } from '../../qn/message.ts';
import { type Refusal, reasonOfNumber, statuses } from '../../qn/reason.ts';
import type { Adopted, Effect, OpenDocument, Performed } from '../kind.ts';
import { planChannel } from './channel-plan.ts';
import type { McuLink } from './mcu-link.ts';

export interface ChannelSurroundings {
  readonly clock: Clock;
  readonly link: Pick<McuLink, 'send' | 'lift' | 'trouble'>;
  /** 32 bits, another one each time. */
  nextId(): number;
}

interface Pending {
  readonly id: number;
  readonly wanted: ChannelValue;
  isAcknowledged: boolean;
  isReported: boolean;
  resolve(result: Performed): void;
  readonly ended: Promise<Performed>;
}

/** One channel of a microcontroller as a document. */
export class ChannelDocument implements OpenDocument {
  readonly name: string;
  readonly #surroundings: ChannelSurroundings;
  readonly #isEmergency: boolean;
  #voice: Adopted | undefined;
  #channel: Channel | undefined;
  #value: ChannelValue | undefined;
  #pending: Pending | undefined;

  /** `name`: the segment, as the firmware has it. */
  constructor(surroundings: ChannelSurroundings, name: string, isEmergency: boolean) {
    this.#surroundings = surroundings;
    this.name = name;
    this.#isEmergency = isEmergency;
  }

  get channel(): Channel | undefined {
    return this.#channel;
  }

  /** `undefined`: it is no document of the board any more. */
  speakBy(voice: Adopted | undefined): void {
    this.#voice = voice;
  }

  plan(value: Value): Result<Effect, Refusal> {
    return planChannel(this.#channel, value);
  }

  /** What the firmware said it is; undefined: this firmware does not have it. */
  become(channel: Channel | undefined): void {
    this.#channel = channel;
  }

  async perform(effect: Effect, taken: () => void = () => {}): Promise<Performed> {
    const { link, nextId } = this.#surroundings;
    if (link.trouble !== undefined) return fail(link.trouble);
    const channel = this.#channel;
    if (channel === undefined) return fail(absent(this.name));
    const id = nextId();
    const wanted = effect.do === 'channel' ? effect.value : this.#value !== true;
    const body = this.#encode(channel, effect, wanted, id);
    if (!body.ok) return body;
    await link.lift();
    const pending = this.#expect(id, wanted);
    const sent = await link.send(body.value, this.#isEmergency);
    if (!sent.ok) pending.resolve(sent);
    else {
      taken();
      this.#limit(pending);
    }
    return await pending.ended;
  }

  /** What the microcontroller said of this channel; false: that makes no sense. `ageMs`: how long ago, where it is known. */
  hear(message: CompactFields, ageMs: number | undefined): boolean {
    if (message.kind === 'ack') return this.#hearAck(message);
    if (message.vtype !== this.#channel?.valueType) return false;
    if (message.kind === 'event') {
      this.#voice?.happened(message.value, ageMs);
      return true;
    }
    if (message.kind !== 'snapshot') return false;
    this.#report(message.value, ageMs);
    return true;
  }

  /** The microcontroller is out of reach; an effect that is under way may have been had. */
  lose(error: DriverError): void {
    this.#pending?.resolve(fail(error));
  }

  /** So long after the link went down the watchdog over there has acted: an output is what it is declared to be then. */
  assumeSafe(): void {
    const safe = this.#channel?.safe;
    if (this.#channel?.role !== 'output' || safe === undefined) return;
    this.#value = safe;
    this.#voice?.changed(safe);
  }

  probe(): Result<string> {
    const { trouble } = this.#surroundings.link;
    if (trouble !== undefined) return fail(trouble);
    return this.#channel === undefined ? fail(absent(this.name)) : ok(`last told ${String(this.#value ?? 'nothing')}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pending?.resolve(fail({ ...absent(this.name), kind: 'closed', detail: 'the document was closed meanwhile' }));
  }

  #encode(channel: Channel, effect: Effect, value: ChannelValue, id: number): Result<Uint8Array, Refusal> {
    if (effect.do !== 'channel' && effect.do !== 'channel-toggle') {
      return fail({ reason: 'unsupported', detail: `${this.name} takes a value` });
    }
    const { number, valueType: vtype } = channel;
    const pri = this.#isEmergency ? 3 : 0;
    const ts = this.#surroundings.clock.wallMs() % 2 ** 32;
    const encoded = encodeCompact({ kind: 'notify', vtype, value, channel: number, id, ts, pri, ack: true, clk: 1 });
    return encoded.ok ? encoded : fail({ ...encoded.error, reason: 'out-of-range' });
  }

  /** One at a time: the lane of the document sees to that. */
  #expect(id: number, wanted: ChannelValue): Pending {
    const { promise, resolve } = Promise.withResolvers<Performed>();
    const pending = { id, wanted, isAcknowledged: false, isReported: false, resolve, ended: promise };
    this.#pending = pending;
    void promise.then(() => {
      if (this.#pending === pending) this.#pending = undefined;
    });
    return pending;
  }

  #limit({ resolve, ended }: Pending): void {
    const detail = `the microcontroller took the command and did not report the value within ${mcuReportMsMax} ms`;
    const late = { kind: 'timeout', operation: 'command', resource: this.name, detail } as const;
    const timer = this.#surroundings.clock.after(mcuReportMsMax, () => resolve(fail(late)));
    void ended.then(() => timer[Symbol.dispose]());
  }

  #hearAck({ id, value }: CompactFields): boolean {
    if (typeof value !== 'number') return false;
    const pending = this.#pending;
    if (pending === undefined || pending.id !== id) return true; // Too late: it was told as failed.
    const status = statuses[value >>> 16];
    if (status === 'successful') {
      pending.isAcknowledged = true;
      this.#settle();
    } else if (status !== 'accepted' && status !== 'executing') {
      const reason = reasonOfNumber(value & 0xffff) ?? 'internal';
      pending.resolve(fail({ reason, detail: `the microcontroller refused it: ${refusalText(reason)}` }));
    }
    return status !== undefined;
  }

  #report(value: ChannelValue, ageMs: number | undefined): void {
    const before = this.#value;
    this.#value = value;
    this.#voice?.changed(value);
    const isEdge = this.#channel?.role === 'input' && typeof value === 'boolean' && typeof before === 'boolean';
    if (isEdge && value !== before) this.#voice?.happened(value, ageMs);
    const pending = this.#pending;
    // Another value may have been on its way before the command came; after its acknowledgement it is the answer.
    if (pending !== undefined && (pending.isAcknowledged || value === pending.wanted)) pending.isReported = true;
    this.#settle();
  }

  /** Successful is what was done and told (QN-8.7c). */
  #settle(): void {
    const pending = this.#pending;
    const isTold = pending?.isReported === true || this.#channel?.valueType === 'none';
    if (pending?.isAcknowledged === true && isTold) pending.resolve(ok());
  }
}

function refusalText(reason: string): string {
  return reason === 'interlocked' ? 'its outputs are held in the safe state, see the state of its document' : reason;
}

function absent(name: string): DriverError {
  const detail = 'the firmware of the microcontroller has no such channel';
  return {
    kind: 'absent',
    operation: 'use',
    resource: name,
    detail,
    fix: 'see the channels in the state of its document',
  };
}
