import { type IConnackPacket, type IPublishPacket, MqttClient, type Packet } from 'mqtt';
import { fail, ok } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { inboundPacketBytesMax, shutdownMsMax } from '../limits.ts';
import { certificateEndMs, formatBroker, openBrokerSocket } from './broker-endpoint.ts';
import type { Connection, PublishDone } from './connection.ts';
import type { LinkError, LinkUp, OutboundMessage, Qos } from './link.ts';
import {
  type ConnectionPhase,
  endError,
  isVersionRefusal,
  nameCode,
  packetError,
  refusalError,
  sizeError,
  socketError,
  takenOverCode,
  unsaidError,
} from './link-error.ts';
import { clientOptions } from './mqtt-client-options.ts';
import { asBuffer, inboundMessage, publishBytesAtMost, publishOptions } from './mqtt-properties.ts';
import type { EndManner, MqttConnectionEvents, MqttConnectionOptions, MqttSession } from './mqtt-session.ts';
import { createPacketScanner } from './packet-scanner.ts';
import { Receipts } from './receipts.ts';
import { type SlicedSocket, sliceReads } from './sliced-reads.ts';
import { Subscriber } from './subscriber.ts';

const noBytes = new Uint8Array(0);

/**
 * One MQTT connection: a socket of ours under one MQTT.js client, which is used once and dropped with it. The
 * constructor throws when the PEM texts of the endpoint are not PEM.
 *
 * A peer that went away without a word is found by the keepalive: MQTT.js asks after one period without an answer and
 * gives up half a period later, 1.5 × keepaliveSeconds (or × what the broker demands) after its last sign; `ping` asks now.
 */
export class MqttConnection implements MqttSession {
  readonly broker: string;
  readonly hold = () => this.#socket.hold();
  readonly release = () => this.#socket.release();
  waitingFor: Connection['waitingFor'] = 'connection';
  readonly #clock: Clock;
  readonly #options: MqttConnectionOptions;
  readonly #events: MqttConnectionEvents;
  readonly #socket: SlicedSocket;
  readonly #client: MqttClient;
  #phase: ConnectionPhase = 'network';
  #connack: IConnackPacket | undefined;
  readonly #subscriber: Subscriber;
  #qosMax: Qos = 2;
  #packetBytesMax: number | undefined;
  readonly #receipts = new Receipts((bytes) => (this.#hasEnded ? undefined : void this.#socket.write(bytes)));
  readonly #scanner = createPacketScanner(inboundPacketBytesMax);
  #farewell: number | undefined; // The code the broker said before it hung up.
  #heard: (() => void) | undefined;
  /** Why it is being closed by this side. */
  #closing: LinkError | undefined;
  #hasEnded = false;

  constructor(clock: Clock, options: MqttConnectionOptions, events: MqttConnectionEvents) {
    this.#clock = clock;
    this.#options = options;
    this.#events = events;
    this.broker = formatBroker(options.endpoint);
    this.#socket = sliceReads(openBrokerSocket(options.endpoint), options);
    this.#watchSocket();
    const { identity, password, protocolVersion } = options;
    this.#client = new MqttClient(() => this.#socket, clientOptions(identity, password, protocolVersion));
    this.#subscriber = new Subscriber(this.#client, {
      refused: (filter, code) => this.#tellRefused(filter, code),
      ended: () => this.#comeUp(),
      failed: (cause) => this.#end(socketError(this.broker, this.#phase, cause)),
    });
    this.#watchClient();
  }

  publish(message: OutboundMessage, done: PublishDone): void {
    const bytes = publishBytesAtMost(message);
    const refuse = (error: LinkError) => {
      if (message.isAnswer !== true) this.#events.onUnsaid?.(error);
      done(fail(error));
    };
    if (this.#packetBytesMax !== undefined && bytes > this.#packetBytesMax) {
      return refuse(sizeError(this.broker, this.#packetBytesMax, message));
    }
    const options = publishOptions(message, this.#qosMax);
    const payload = asBuffer(message.payload);
    if (options.qos === 0) {
      this.#client.publish(message.topic, payload, options);
      // The socket holds the payload by reference until it is sent; only what is written behind it knows when.
      this.#socket.write(noBytes, (cause) => (cause ? undefined : done(ok())));
      return;
    }
    this.#client.publish(message.topic, payload, options, (cause) => {
      if (!cause) return done(ok());
      const code = 'code' in cause ? cause.code : undefined;
      if (typeof code === 'number') refuse(unsaidError(this.broker, message.topic, code, cause));
      // Any other error means that the connection is over, and `onEnd` answers for all of its publishes.
    });
  }

  ping(heard: () => void): void {
    this.#heard = heard;
    this.#client.sendPing();
  }

  close(): void {
    this.#sayGoodbye(closedError(this.broker), 0);
  }

  leave(error: LinkError): void {
    if (this.#options.protocolVersion === 5) this.#sayGoodbye(error, disconnectWithWillCode);
    else this.abort(error); // In 3.1.1 every goodbye drops the last will.
  }

  abort(error: LinkError): void {
    this.#end(error);
  }

  #sayGoodbye(error: LinkError, reasonCode: number): void {
    if (this.#closing !== undefined || this.#hasEnded) return;
    this.#closing = error;
    if (!this.#client.connected) return this.abort(error);
    const deadline = this.#clock.after(shutdownMsMax, () => this.abort(error));
    this.#socket.once('close', () => deadline[Symbol.dispose]());
    // MQTT.js would hold back DISCONNECT until each of these was acknowledged.
    for (const id of Object.keys(this.#client.outgoing)) this.#client.removeOutgoingMessage(Number(id));
    this.#client.end(false, this.#options.protocolVersion === 5 ? { reasonCode } : {});
  }

  #watchSocket(): void {
    const isTls = this.#options.endpoint.protocol === 'mqtts';
    this.#socket.once('connect', () => this.#enter(isTls ? 'tls' : 'mqtt', isTls ? 'TLS handshake' : 'CONNACK'));
    this.#socket.once('secureConnect', () => {
      this.#enter('mqtt', 'CONNACK');
      const endMs = certificateEndMs(this.#socket);
      if (endMs !== undefined) this.#events.onCertificate?.(endMs);
    });
    this.#socket.on('data', (chunk) => this.#watchBytes(chunk)); // first here, then in MQTT.js
    this.#socket.on('error', (cause) => {
      this.#hangUp(socketError(this.broker, this.#phase, cause), isHungUp(cause) ? 'hung-up' : 'other');
    });
    this.#socket.on('close', () => this.#hangUp(endError(this.broker, this.#phase, this.#farewell), 'hung-up'));
  }

  #watchBytes(chunk: Uint8Array): void {
    const heard = this.#heard;
    this.#heard = undefined;
    heard?.();
    const packetBytes = this.#scanner.scan(chunk);
    if (packetBytes !== undefined) this.#end(packetError(this.broker, packetBytes, inboundPacketBytesMax));
  }

  /** The other side ended it. */
  #hangUp(error: LinkError, howIfUp: EndManner): void {
    const isUnanswered = this.#phase === 'mqtt' && this.#scanner.packetsCount === 0 && error.kind === 'closed';
    if (isUnanswered) this.#end(error, 'unanswered');
    else if (this.#farewell === takenOverCode) this.#end(error, 'taken-over');
    else this.#end(error, this.#phase === 'up' && this.#farewell === undefined ? howIfUp : 'other');
  }

  /** The listeners stay on a dropped client: an `error` without one would end the process. */
  #watchClient(): void {
    const client = this.#client;
    client.on('error', (cause) => this.#end(socketError(this.broker, this.#phase, cause)));
    client.on('packetreceive', (packet) => this.#hear(packet));
    client.on('connect', () => this.#subscribe());
    client.on('message', (_topic, _payload, packet) => this.#deliver(packet));
  }

  #enter(phase: ConnectionPhase, waitingFor: string): void {
    this.#phase = phase;
    this.waitingFor = waitingFor;
  }

  #hear(packet: Packet): void {
    if (this.#hasEnded || this.#closing !== undefined) return;
    if (packet.cmd === 'disconnect') this.#farewell = packet.reasonCode ?? 0;
    if (packet.cmd === 'publish' && packet.qos === 2) this.#receipts.take(packet);
    if (packet.cmd === 'pubrel') this.#receipts.released(packet.messageId);
    if (packet.cmd === 'suback') this.#subscriber.take(packet.granted.map(Number));
    if (packet.cmd !== 'connack') return;
    this.#connack = packet;
    const code = packet.reasonCode ?? packet.returnCode ?? 0;
    if (code !== 0) this.#end(refusalError(this.broker, code), isVersionRefusal(code) ? 'version-refused' : 'other');
  }

  #deliver(packet: IPublishPacket): void {
    if (this.#hasEnded || this.#closing !== undefined) return;
    const receipt = this.#receipts.of(packet);
    if (receipt === undefined) return this.#events.onMessage(inboundMessage(packet));
    if (this.#receipts.isRepeated(packet)) return;
    this.#events.onMessage({ ...inboundMessage(packet), ...receipt });
  }

  #subscribe(): void {
    const { maximumQoS } = this.#connack?.properties ?? {};
    this.#qosMax = maximumQoS === 0 || maximumQoS === 1 ? maximumQoS : 2;
    this.waitingFor = 'SUBACK';
    this.#subscriber.start(this.#options.subscriptions, this.#qosMax);
  }

  #tellRefused(filter: string, code: number): void {
    const detail = `${this.broker} refused the subscription to ${JSON.stringify(filter)}: ${nameCode(code)}`;
    this.#events.onTrouble({ kind: 'subscribe', detail });
  }

  #comeUp(): void {
    const { receiveMaximum: told = 65_535, maximumPacketSize: packetBytesMax } = this.#connack?.properties ?? {};
    const { protocolVersion, endpoint } = this.#options;
    const receiveMaximum = Math.min(told, endpoint.receiveMaximum ?? told);
    this.#enter('up', '');
    this.#packetBytesMax = packetBytesMax;
    const up: LinkUp = { broker: this.broker, protocolVersion, receiveMaximum };
    this.#events.onUp(packetBytesMax === undefined ? up : { ...up, packetBytesMax });
  }

  #end(error: LinkError, how: EndManner = 'other'): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#socket.destroy();
    this.#events.onEnd({ error: this.#closing ?? error, how });
  }
}

/** The other side closed while this one was writing: the kernel says it with a reset, or a broken pipe. */
function isHungUp(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE');
}

/** MQTT 5, 3.14.2.1: the broker publishes the last will all the same. */
const disconnectWithWillCode = 0x04;

function closedError(broker: string): LinkError {
  return { kind: 'closed', detail: `${broker}: closed by this side` };
}
