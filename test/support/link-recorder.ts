import type { InboundMessage, LinkError, LinkHandlers, LinkUp } from '../../agent/mqtt/link.ts';
import { type Arrivals, createArrivals } from './arrivals.ts';

/** Handlers that write down what a link tells. */
export interface LinkRecorder {
  readonly handlers: LinkHandlers;
  readonly ups: Arrivals<LinkUp>;
  readonly downs: Arrivals<LinkError>;
  readonly troubles: Arrivals<LinkError>;
  /** With a copy of the payload, and the payload as text. */
  readonly messages: Arrivals<InboundMessage & { readonly text: string }>;
  /** `up`, `down`, `trouble`, in the order they were told. */
  readonly order: readonly string[];
}

export function recordLink(): LinkRecorder {
  const ups = createArrivals<LinkUp>();
  const downs = createArrivals<LinkError>();
  const troubles = createArrivals<LinkError>();
  const messages = createArrivals<InboundMessage & { readonly text: string }>();
  const order: string[] = [];
  function note<Item>(name: string, arrivals: Arrivals<Item>) {
    return (item: Item) => {
      order.push(name);
      arrivals.push(item);
    };
  }
  const handlers: LinkHandlers = {
    onUp: note('up', ups),
    onDown: note('down', downs),
    onTrouble: note('trouble', troubles),
    onMessage(message) {
      const payload = Buffer.from(message.payload);
      messages.push({ ...message, payload, text: payload.toString() });
    },
  };
  return { handlers, ups, downs, troubles, messages, order };
}
