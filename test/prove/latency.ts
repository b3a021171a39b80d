import { connectAsync } from 'mqtt';
import { decodeHeard } from '../support/heard.ts';

/** Gives one harmless command after the other, and measures each until the agent says that it is done. */
export interface Probe extends AsyncDisposable {
  /** Of so many commands, or of as many as there are until `isOver`; in ms. */
  measure(countMax: number, isOver?: () => boolean): Promise<readonly number[]>;
  /** Texts of the events of a document, in the order they came. */
  readonly events: readonly string[];
}

const root = 'qn/1/pi-1';

export async function openProbe(port: number, switched: string, talking: string): Promise<Probe> {
  const client = await connectAsync({ protocol: 'mqtt', host: '127.0.0.1', port, protocolVersion: 5 });
  const events: string[] = [];
  let nextId = 1n;
  let waiting: { readonly id: bigint; readonly resolve: () => void } | undefined;
  client.on('message', (topic, payload) => {
    const message = decodeHeard(topic, payload)?.message;
    if (message?.t === 'event' && typeof message.val === 'string') events.push(message.val);
    if (message?.t === 'ack' && message.id === waiting?.id && message.st === 'successful') waiting?.resolve();
  });
  await client.subscribeAsync([`${root}/ack/${switched}`, `${root}/event/${talking}`], { qos: 1 });

  async function once(): Promise<number> {
    const id = nextId;
    nextId += 1n;
    const done = new Promise<void>((resolve) => {
      waiting = { id, resolve };
    });
    const sinceMs = performance.now();
    const payload = JSON.stringify({ t: 'notify', id: `${id}`, src: 'probe', val: id % 2n === 0n });
    client.publish(`${root}/notify/${switched}`, payload, { qos: 1 });
    await done;
    return performance.now() - sinceMs;
  }

  return {
    events,
    async measure(countMax, isOver = () => false) {
      const taken: number[] = [];
      while (taken.length < countMax && !isOver()) {
        taken.push(await once());
        await new Promise((resolve) => setTimeout(resolve, 5)); // As a person or a program with other things to do.
      }
      return taken;
    },
    [Symbol.asyncDispose]: () => client.endAsync(true),
  };
}

export function percentile(numbers: readonly number[], part: number): number {
  const sorted = numbers.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
