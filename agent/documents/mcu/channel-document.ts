import { type DriverError, fail, ok, type Result } from '../../../drivers/contract/result.ts';
import { shortest32 } from '../../../drivers/shortest32.ts';
import { mcuReportMsMax } from '../../../firmware-bridge/limits.ts';
import type { Channel } from '../../../firmware-bridge/link/bodies.ts';
import { type ChannelValue, heldValue } from '../../../firmware-bridge/link/channel-value.ts';
import type { Clock } from '../../clock.ts';
import { encodeCompact } from '../../qn/compact.ts';
import type { Value } from '../../qn/message.ts';
import type { Refusal } from '../../qn/reason.ts';
import { brief } from '../gpio-out.ts';
import type { Adopted, Effect, OpenDocument, Performed } from '../kind.ts';
import { ChannelCommand, notSent, type Steps } from './channel-command.ts';
import { planChannel } from './channel-plan.ts';
import { ChannelPulse } from './channel-pulse.ts';
import type { McuLink } from './mcu-link.ts';
import { fits, type McuAck, type McuMessage } from './read-body.ts';

export interface ChannelSurroundings {
  readonly clock: Clock;
  readonly link: Pick<McuLink, 'send' | 'lift' | 'trouble'>;
  /** 32 bits, another one each time. */
  nextId(): number;
}

const on = { do: 'channel', value: true } as const;
const off = { do: 'channel', value: false } as const;

/** One channel of a microcontroller as a document. */
export class ChannelDocument implements OpenDocument {
  readonly name: string;
  readonly #surroundings: ChannelSurroundings;
  readonly #isEmergency: boolean;
  #voice: Adopted | undefined;
  #channel: Channel | undefined;
  #value: Value | undefined;
  /** One at a time: the turns see to that. */
  #pending: ChannelCommand | undefined;
  readonly #pulse: ChannelPulse;
  /** The end of what is under way: the lane of the document and an off that is owed take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `name`: the segment, as the firmware has it. */
  constructor(surroundings: ChannelSurroundings, name: string, isEmergency: boolean) {
    this.#surroundings = surroundings;
    this.name = name;
    this.#isEmergency = isEmergency;
    this.#pulse = new ChannelPulse(surroundings.clock, (isWanted) => this.#inTurn(off, {}, isWanted));
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
    if (channel === undefined) this.#pulse.giveWay();
    else this.#pulse.up();
  }

  async perform(effect: Effect, taken = () => {}, isTooLate = () => false): Promise<Performed> {
    if (effect.do === 'channel-pulse')
      return await this.#pulse.run(effect.forMs, (onSend) => this.#inTurn(on, { taken, isTooLate, onSend }));
    const done = await this.#inTurn(effect, { taken, isTooLate });
    if (done.ok) this.#pulse.settle();
    return done;
  }

  makeWay(): void {
    this.#pulse.makeWay();
  }

  #inTurn(effect: Effect, steps: Steps, isWanted = () => true): Promise<Performed> {
    const done = this.#turn.then(() => (isWanted() ? this.#command(effect, steps) : ok()));
    this.#turn = done;
    return done;
  }

  async #command(effect: Effect, steps: Steps): Promise<Performed> {
    const { link, nextId } = this.#surroundings;
    if (steps.isTooLate?.() === true) return notSent;
    if (link.trouble !== undefined) return fail(link.trouble);
    const channel = this.#channel;
    if (channel === undefined) return fail(absent(this.name));
    const id = nextId();
    const wanted = effect.do === 'channel' ? effect.value : this.#value !== true;
    const body = this.#encode(channel, effect, wanted, id);
    if (!body.ok) return body;
    await link.lift();
    const pending = new ChannelCommand(id, heldValue(channel.valueType, wanted), steps);
    this.#pending = pending;
    const sent = await link.send(body.value, { isUrgent: this.#isEmergency, isWanted: () => pending.goOut() });
    if (sent === undefined) pending.end(notSent);
    else if (!sent.ok) pending.lose(sent.error);
    else {
      steps.taken?.();
      this.#limit(pending);
    }
    const done = await pending.ended;
    this.#pending = undefined;
    return done;
  }

  /** What the microcontroller said of this channel; false: that is no value of it. `ageMs`: how long ago, where it is known. */
  hear({ said }: McuMessage, ageMs: number | undefined): boolean {
    if (said.kind === 'ack') this.#hearAck(said);
    else if (this.#channel === undefined || !fits(this.#channel, said)) return false;
    else if (said.kind === 'event') this.#voice?.happened(told(this.#channel, said.value), ageMs);
    else this.#report(told(this.#channel, said.value), ageMs);
    return true;
  }

  /** The microcontroller is out of reach; an effect that is under way may have been had. */
  lose(error: DriverError): void {
    this.#pending?.lose(error);
    this.#pulse.lose(error);
  }

  /** The outputs over there are in their safe state, and nothing that was to come after matters. */
  enterSafe(): void {
    this.#pulse.giveWay();
  }

  /** So long after the link went down the watchdog over there has acted: an output is what it is declared to be then. */
  assumeSafe(): void {
    this.enterSafe();
    const safe = this.#channel?.safe;
    if (this.#channel?.role !== 'output' || safe === undefined) return;
    this.#value = safe;
    this.#voice?.changed(safe);
  }

  probe(): Result<string> {
    const { trouble } = this.#surroundings.link;
    if (trouble !== undefined) return fail(trouble);
    return this.#channel === undefined
      ? fail(absent(this.name))
      : ok(`last told ${this.#value === undefined ? 'nothing' : brief(this.#value)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = fail({ ...absent(this.name), kind: 'closed', detail: 'the document was closed meanwhile' } as const);
    const isOn = this.#pulse.isOwed;
    this.#pulse.giveWay(fail({ reason: 'interrupted', detail: 'the agent stopped meanwhile' }));
    this.#pending?.end(closed);
    if (isOn) await this.#inTurn(off, {});
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

  #limit(pending: ChannelCommand): void {
    const detail = `the microcontroller took the command and did not report the value within ${mcuReportMsMax} ms`;
    const late = { kind: 'timeout', operation: 'command', resource: this.name, detail } as const;
    const timer = this.#surroundings.clock.after(mcuReportMsMax, () => pending.end(fail(late)));
    void pending.ended.then(() => timer[Symbol.dispose]());
  }

  #hearAck({ id, status, reason = 'internal' }: McuAck): void {
    const pending = this.#pending;
    if (pending === undefined || pending.id !== id) return; // Too late: it was told as failed.
    if (status === 'successful') {
      pending.isAcknowledged = true;
      this.#settle();
    } else if (status !== 'accepted' && status !== 'executing') {
      pending.end(fail({ reason, detail: `the microcontroller refused it: ${refusalText(reason)}` }));
    }
  }

  #report(value: Value, ageMs: number | undefined): void {
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
    if (pending?.isAcknowledged === true && isTold) pending.end(ok());
  }
}

/** As it was commanded: 21.3, and not the 21.299999237 of its 32 bits. */
function told({ valueType }: Channel, value: Value): Value {
  return valueType === 'f32' && typeof value === 'number' ? shortest32(value) : value;
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
