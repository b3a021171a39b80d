import { afterEach, beforeEach } from 'vitest';
import type { LastWill, Link, LinkError, LinkHandlers, OutboundMessage, Subscription } from '../../agent/mqtt/link.ts';
import type { Result } from '../../drivers/contract/result.ts';
import type { Arrivals } from '../support/arrivals.ts';
import { type LinkRecorder, recordLink } from '../support/link-recorder.ts';

export interface RigLinkOptions {
  readonly clientId: string;
  readonly will: LastWill;
  readonly subscriptions: readonly Subscription[];
}

/** A broker, the way to it, and somebody else who is connected to it. */
export interface LinkRig extends AsyncDisposable {
  readonly protocolVersion: 4 | 5;
  openLink(options: RigLinkOptions, handlers: LinkHandlers): Link;
  /** Somebody else publishes, with QoS 1. */
  publish(topic: string, payload: string | Uint8Array, retain?: boolean): Promise<void>;
  /** Somebody else subscribes. */
  collect(filter: string): Promise<Pick<Arrivals<RigMessage>, 'all' | 'next'>>;
  /** Breaks the connection of the link without goodbye. */
  cut(): void;
  /** The broker's acknowledgements do not arrive any more; `cut` must end it. */
  holdAnswers(): void;
  stopBroker(): Promise<void>;
  startBroker(): Promise<void>;
  /** How often the link knocked at the broker, as the broker's side counts. */
  readonly connectsCount: number;
}

export interface RigMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

export const linkOptions: RigLinkOptions = {
  clientId: 'board',
  will: { topic: 'board/status', payload: Buffer.from('gone'), qos: 1, retain: true },
  subscriptions: [
    { filter: 'board/in/#', qos: 1 },
    { filter: 'all/+/in', qos: 2 },
  ],
};

/** A fresh rig for each test, with a link that was just opened. */
export interface Stage {
  readonly rig: LinkRig;
  readonly link: Link;
  readonly told: LinkRecorder;
  /** By the link; defaults to `hello` with QoS 1 to `board/out`. */
  publish(message?: Partial<OutboundMessage>): Promise<Result<void, LinkError>>;
}

export function setStage(openRig: () => Promise<LinkRig>): Stage {
  let current: { rig: LinkRig; link: Link; told: LinkRecorder };

  beforeEach(async () => {
    const rig = await openRig();
    const told = recordLink();
    current = { rig, told, link: rig.openLink(linkOptions, told.handlers) };
  });

  afterEach(async () => {
    await current.link[Symbol.asyncDispose]();
    await current.rig[Symbol.asyncDispose]();
  });

  return {
    get rig() {
      return current.rig;
    },
    get link() {
      return current.link;
    },
    get told() {
      return current.told;
    },
    publish(message = {}) {
      const defaults = { topic: 'board/out', payload: Buffer.from('hello'), qos: 1, retain: false } as const;
      return new Promise((resolve) => current.link.publish({ ...defaults, ...message }, resolve));
    },
  };
}

export const textOf = (message: { readonly payload: Uint8Array }) => Buffer.from(message.payload).toString();
