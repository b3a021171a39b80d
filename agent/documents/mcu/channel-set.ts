import type { Channel } from '../../../firmware-bridge/link/bodies.ts';
import type { McuConfig } from '../../config/mcu-config.ts';
import { channelNumberMax } from '../../limits.ts';
import { isDocumentName } from '../../qn/topic.ts';
import type { DocumentSurroundings } from '../kind.ts';
import { ChannelDocument, type ChannelSurroundings } from './channel-document.ts';

interface Member {
  readonly document: ChannelDocument;
  /** Of the board, until disposal. */
  readonly adopted: Disposable;
}

/**
 * The channels of one microcontroller as documents below its own. Those that the config declares are there from the
 * start and stay; the others come and go with what the firmware tells (QN-8.7). At most as many as the link takes,
 * and as many declared ones.
 */
export class ChannelSet {
  readonly #config: McuConfig;
  readonly #surroundings: DocumentSurroundings;
  readonly #channelSurroundings: ChannelSurroundings;
  readonly #members = new Map<string, Member>();
  #byNumber: ReadonlyMap<number, ChannelDocument> = new Map();

  constructor(config: McuConfig, surroundings: DocumentSurroundings, channelSurroundings: ChannelSurroundings) {
    this.#config = config;
    this.#surroundings = surroundings;
    this.#channelSurroundings = channelSurroundings;
    for (const name of Object.keys(config.channels)) this.#adopt(name, undefined);
  }

  /** What the firmware has, from now on. Returns what cannot be a document, and why. */
  update(channels: readonly Channel[]): readonly string[] {
    const faults: string[] = [];
    const usable = new Map<string, Channel>();
    const numbers = new Set<number>();
    for (const channel of channels) {
      const fault =
        usable.has(channel.name) || numbers.has(channel.number) ? 'is there twice' : this.#nameFault(channel.name);
      if (fault !== undefined) faults.push(`channel ${channel.number} ${channel.name} ${fault}`);
      else usable.set(channel.name, channel);
      numbers.add(channel.number);
    }
    for (const [name, { document }] of this.#members) {
      document.become(usable.get(name));
      if (!usable.has(name) && this.#config.channels[name] === undefined) this.#leave(name);
    }
    for (const channel of usable.values()) {
      const document = this.#members.get(channel.name)?.document ?? this.#adopt(channel.name, channel);
      if (document === undefined)
        faults.push(`channel ${channel.number} ${channel.name}: another document has its name`);
      document?.become(channel);
    }
    this.#byNumber = new Map(this.documents().flatMap((one) => (one.channel ? [[one.channel.number, one]] : [])));
    return faults;
  }

  /** By the number or the name the firmware told. */
  of(channel: number | string): ChannelDocument | undefined {
    return typeof channel === 'number' ? this.#byNumber.get(channel) : this.#members.get(channel)?.document;
  }

  documents(): readonly ChannelDocument[] {
    return [...this.#members.values()].map(({ document }) => document);
  }

  /** Name → `output bool`, as the document of the microcontroller tells it. */
  describe(): { readonly [name: string]: string } {
    const known = this.documents().flatMap(({ name, channel }) => {
      return channel === undefined ? [] : [[name, `${channel.role} ${channel.valueType}`] as const];
    });
    return Object.fromEntries(known);
  }

  #nameFault(name: string): string | undefined {
    return isDocumentName(`${this.#surroundings.name}.${name}`) ? undefined : 'is no name of a document';
  }

  #adopt(name: string, channel: Channel | undefined): ChannelDocument | undefined {
    const declared = this.#config.channels[name];
    const { control } = this.#config;
    const priority = declared?.priority ?? this.#config.priority;
    const document = new ChannelDocument(this.#channelSurroundings, name, priority === 'emergency');
    const number = declared?.number ?? this.#numberOf(channel);
    const adopted = this.#surroundings.adopt({
      name: `${this.#surroundings.name}.${name}`,
      config: {
        driver: 'mcu-channel',
        priority,
        retained: 'refuse',
        ...(control !== undefined && { control }),
        ...declared,
        ...(number === undefined ? {} : { number }),
      },
      plan: (value) => document.plan(value),
      document,
    });
    if (adopted === undefined) return undefined;
    document.speakBy(adopted);
    this.#members.set(name, { document, adopted });
    return document;
  }

  /** Of the compact form: counted from the number of the microcontroller (QN-8.7a). */
  #numberOf(channel: Channel | undefined): number | undefined {
    const base = this.#config.number;
    const number = base === undefined || channel === undefined ? undefined : base + channel.number;
    return number === undefined || number > channelNumberMax ? undefined : number;
  }

  #leave(name: string): void {
    const member = this.#members.get(name);
    this.#members.delete(name);
    member?.document.speakBy(undefined);
    member?.adopted[Symbol.dispose]();
    void member?.document[Symbol.asyncDispose]();
  }
}
