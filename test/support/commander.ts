import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { Value } from '../../agent/qn/message.ts';

/** Somebody who commands a document over several brokers at a time, and repeats every command until it was answered. */
export interface Commander extends AsyncDisposable {
  /** Commands given so far, and those a final answer came for. */
  readonly givenCount: number;
  readonly answeredCount: number;
  /** Gives no more new ones. */
  stop(): void;
}

export interface CommanderOptions {
  readonly document: string;
  /** A new command as often. Each is said twice, and again and again with the same id until it is answered. */
  readonly periodMs: number;
  /** Of the first command, the second … */
  valueOf(number: number): Value;
  readonly client?: IClientOptions;
}

const [againMs, againMsMax] = [100, 3_200];
/** So many are under way at most: no new one is given until some were answered. */
const openCountMax = 500;
const ends: ReadonlySet<string> = new Set(['successful', 'failed', 'superseded']);

interface HeardAck {
  readonly id: string;
  readonly st: string;
  /** Of a duplicate: how the first delivery ended, or how far it is. */
  readonly val?: { readonly status: string };
}

export async function startCommander(ports: readonly number[], options: CommanderOptions): Promise<Commander> {
  const { document, periodMs, valueOf, client: more = {} } = options;
  const answered = new Set<string>();
  const open = new Map<string, { readonly text: string; saidCount: number; dueMs: number }>();
  let givenCount = 0;
  let isGiving = true;

  const clients = await Promise.all(
    ports.map(async (port) => {
      const client = await connectAsync({
        host: '127.0.0.1',
        port,
        protocol: 'mqtt',
        protocolVersion: 4,
        reconnectPeriod: 50,
        queueQoSZero: false,
        ...more,
      });
      client.on('error', () => {}); // Its broker is away; it comes back by itself.
      client.on('message', (_topic, payload) => hear(JSON.parse(payload.toString())));
      await client.subscribeAsync(`qn/1/pi-1/ack/${document}`, { qos: 1 });
      return client;
    }),
  );

  function hear({ id, st, val }: HeardAck): void {
    const status = st === 'duplicate' ? val?.status : st;
    if (status !== undefined && ends.has(status) && open.delete(id)) answered.add(id);
  }

  function repeat(command: { readonly text: string; saidCount: number; dueMs: number }): void {
    command.saidCount += 1;
    // Ever more seldom: on a busy machine the repetitions alone would keep everybody from answering.
    const waitMs = Math.min(againMsMax, againMs * 2 ** (command.saidCount - 2));
    command.dueMs = command.saidCount < 2 ? 0 : performance.now() + waitMs;
    for (const client of clients) say(client, `qn/1/pi-1/notify/${document}`, command.text);
  }

  const timer = setInterval(() => {
    if (isGiving && open.size < openCountMax) {
      givenCount += 1;
      const id = String(1_000_000 + givenCount);
      const text = JSON.stringify({ t: 'notify', id, src: 'commander', val: valueOf(givenCount) });
      open.set(id, { text, saidCount: 0, dueMs: 0 });
    }
    for (const command of open.values()) if (performance.now() >= command.dueMs) repeat(command);
  }, periodMs);

  return {
    get givenCount() {
      return givenCount;
    },
    get answeredCount() {
      return answered.size;
    },
    stop: () => void (isGiving = false),
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await Promise.all(clients.map((client) => client.endAsync(true)));
    },
  };
}

function say(client: MqttClient, topic: string, text: string): void {
  if (client.connected) client.publish(topic, text, { qos: 1 });
}
