import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { tls as tlsOfNode } from '../late-modules.ts';
import { addressAttemptMs } from '../limits.ts';
import type { BrokerCredentials } from './broker-credentials.ts';

export interface BrokerEndpoint {
  readonly protocol: 'mqtt' | 'mqtts';
  readonly host: string;
  readonly port: number;
  /** Times the health of the broker (0 to 1): the highest is used. */
  readonly weight: number;
  /** Only looked at for `mqtts`. */
  readonly tls?: BrokerTls;
  /** Asked before every connection; what it gives takes the place of `tls`. */
  readonly credentials?: BrokerCredentials;
  /** Speak this version only. Default: 5, and 3.1.1 with a broker that refuses it. */
  readonly protocolVersion?: 4 | 5;
  /** Publishes of QoS 1 and 2 it takes at a time; it may say less (MQTT 5). */
  readonly receiveMaximum?: number;
}

/** PEM texts, not paths. */
export interface BrokerTls {
  /** Trusted instead of the system's authorities. */
  readonly ca?: string;
  /** Certificates that were revoked. */
  readonly crl?: string;
  readonly cert?: string;
  readonly key?: string;
  /** The name the certificate must have; default: the host. */
  readonly servername?: string;
  readonly alpn?: string;
  /** The oldest TLS that is spoken; default 1.2. */
  readonly minVersion?: '1.2' | '1.3';
  /** Default true. False takes any certificate: for a bench, never for the field. */
  readonly verify?: boolean;
}

const defaultPorts = { mqtt: 1883, mqtts: 8883 } as const;

/** `mqtt://host:port` or `mqtts://…`; undefined for anything else, also with a path, user or password in it. */
export function parseBrokerUrl(text: string): Pick<BrokerEndpoint, 'protocol' | 'host' | 'port'> | undefined {
  const match = /^(mqtts?):\/\/([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?\/?$/.exec(text);
  const [, scheme, host, digits] = match ?? [];
  if (host === undefined) return undefined;
  const protocol = scheme === 'mqtts' ? 'mqtts' : 'mqtt';
  const port = digits === undefined ? defaultPorts[protocol] : Number(digits);
  if (port < 1 || port > 65_535) return undefined;
  return { protocol, host: host.replace(/^\[|\]$/g, ''), port };
}

/** Never with user or password in it. */
export function formatBroker({ protocol, host, port }: BrokerEndpoint): string {
  return `${protocol}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Begins to connect. Throws when the PEM texts are not PEM. */
export function openBrokerSocket({ protocol, host, port, tls = {} }: BrokerEndpoint): Socket {
  // Node gives an address 250 ms by default: over a mobile network none would ever answer in time.
  const address = { host, port, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: addressAttemptMs };
  const socket =
    protocol === 'mqtts' ? tlsOfNode().connect({ ...address, ...tlsOptions(host, tls) }) : connectTcp(address);
  socket.setNoDelay(true); // An acknowledgement must not wait for the next packet.
  return socket;
}

/** Whatever the environment says (NODE_TLS_REJECT_UNAUTHORIZED), the certificate and its name are checked. */
function tlsOptions(host: string, { verify = true, servername, alpn, minVersion = '1.2', ...pem }: BrokerTls) {
  const name = servername ?? (isIP(host) === 0 ? host : undefined);
  return {
    ...pem,
    minVersion: `TLSv${minVersion}` as const,
    rejectUnauthorized: verify,
    ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
    ...(name === undefined ? {} : { servername: name }),
  };
}

/** When the certificate the broker showed ends; ms since 1970. */
export function certificateEndMs(socket: Socket): number | undefined {
  const { TLSSocket } = tlsOfNode();
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  return certificate?.validToDate.getTime();
}
