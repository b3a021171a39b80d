import { connectAsync, type MqttClient } from 'mqtt';
import { decodeAny, formatMessage } from '../../agent/cli/message-text.ts';
import type { Message } from '../../agent/qn/message.ts';

export interface Seen {
  /** Below the root: `pi-1/state/gpio.relay1`. */
  readonly topic: string;
  readonly message: Message;
}

/** An ordinary MQTT client, as a user's own program would be: it publishes commands and sees what the node says. */
export class Spectator implements AsyncDisposable {
  readonly #client: MqttClient;
  readonly #seen: Seen[] = []; // The last 1 000: a demo that stays up for days must not grow.
  readonly #waiting = new Set<(seen: Seen) => void>();

  private constructor(client: MqttClient, print: (line: string) => void) {
    this.#client = client;
    client.on('message', (topic, payload) => {
      const decoded = decodeAny(payload, Date.now());
      if (!decoded.ok) return;
      const seen = { topic: topic.slice('qn/1/'.length), message: decoded.value };
      this.#seen.push(seen);
      if (this.#seen.length > 1_000) this.#seen.shift();
      const [, verb = '', document = ''] = seen.topic.split('/');
      if (verb !== 'health' && document !== 'selftest')
        print(`  ${verb.padEnd(7)} ${formatMessage(seen.message, document, false)}`);
      for (const wake of this.#waiting) wake(seen);
    });
  }

  static async connect(port: number, print: (line: string) => void): Promise<Spectator> {
    const client = await connectAsync({
      host: '127.0.0.1',
      port,
      protocol: 'mqtt',
      protocolVersion: 4,
      reconnectPeriod: 0,
    });
    const spectator = new Spectator(client, print);
    const verbs = ['state', 'delta', 'event', 'ack', 'health'];
    await client.subscribeAsync(verbs.map((verb) => `qn/1/+/${verb}/#`));
    return spectator;
  }

  async publish(topic: string, payload: string, retain = false): Promise<void> {
    await this.#client.publishAsync(topic, payload, { qos: 1, retain });
  }

  /** Everything seen up to now is not waited for any more. */
  forget(): void {
    this.#seen.length = 0;
  }

  /** The first one since `forget` that matches; fails with `what` after the deadline. */
  async expect(what: string, matches: (seen: Seen) => boolean, deadlineMs = 5_000): Promise<Seen> {
    const found = this.#seen.find(matches);
    if (found !== undefined) return found;
    return await new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
      };
      const wake = (seen: Seen) => {
        if (!matches(seen)) return;
        end();
        resolve(seen);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`not seen within ${deadlineMs} ms: ${what}`));
      }, deadlineMs);
      this.#waiting.add(wake);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.endAsync(true);
  }
}
