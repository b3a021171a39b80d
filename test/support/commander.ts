import { connectAsync, type MqttClient } from 'mqtt';

/** Somebody who commands a relay over several brokers at a time, and repeats every command until it was answered. */
export interface Commander extends AsyncDisposable {
  /** Commands given so far, and those a final answer came for. */
  readonly givenCount: number;
  readonly answeredCount: number;
  /** Gives no more new ones. */
  stop(): void;
}

/** Every `periodMs` a new command, on and off in turns; what is not answered is said again, with the same id. */
export async function startCommander(ports: readonly number[], topic: string, periodMs: number): Promise<Commander> {
  const answered = new Set<string>();
  const open = new Map<string, string>();
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
      });
      client.on('error', () => {}); // Its broker is away; it comes back by itself.
      client.on('message', (_topic, payload) => hear(JSON.parse(payload.toString())));
      await client.subscribeAsync('qn/1/pi-1/ack/#', { qos: 1 });
      return client;
    }),
  );

  function hear({ id, st }: { readonly id: string; readonly st: string }): void {
    if (st !== 'successful' && st !== 'duplicate') return;
    if (open.delete(id)) answered.add(id);
  }

  const timer = setInterval(() => {
    if (isGiving) {
      givenCount += 1;
      const id = String(1_000_000 + givenCount);
      open.set(id, JSON.stringify({ t: 'notify', id, src: 'commander', val: givenCount % 2 === 1 }));
    }
    for (const text of open.values()) for (const client of clients) say(client, topic, text);
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
