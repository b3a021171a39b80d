import { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { codeOf } from '../../../drivers/system-error.ts';
import { type Clock, sleep } from '../../clock.ts';
import type { BrokerConfig, Config } from '../../config/config.ts';
import { doctorEchoMsMax, doctorTimeoutMs } from '../../limits.ts';
import { type BrokerEndpoint, formatBroker } from '../../mqtt/broker-endpoint.ts';
import type { LinkError } from '../../mqtt/link.ts';
import { type AttemptOptions, attemptSession } from '../../mqtt/mqtt-attempt.ts';
import { formatTopic } from '../../qn/topic.ts';
import type { BrokerFacts, CertificateFacts } from '../facts.ts';

export interface BrokerAccess extends Pick<AttemptOptions, 'password'> {
  readonly clientId: string;
  readonly username?: string;
  readonly keepaliveSeconds: number;
}

/** One attempt with one broker, as this node, under a client id of its own so that the agent keeps its session. */
export async function probeBroker(
  clock: Clock,
  config: Config,
  access: BrokerAccess,
  endpoint: BrokerEndpoint,
): Promise<BrokerFacts> {
  const url = formatBroker(endpoint);
  const own = config.mqtt.brokers.find((broker) => broker.url.replace(/\/$/, '') === url);
  const ownCertificates = own === undefined ? [] : await certificatesOf(own);
  const base = { url, host: endpoint.host, denied: [], certificates: ownCertificates };
  const nameFault = isIP(endpoint.host) === 0 ? await resolves(clock, endpoint.host) : undefined;
  if (nameFault !== undefined) return { ...base, nameFault };
  const peer = endpoint.protocol === 'mqtts' ? await peerCertificate(clock, endpoint) : undefined;
  const certificates = peer === undefined ? ownCertificates : [peer, ...ownCertificates];
  const tried = await attempt(clock, config, access, endpoint, 5);
  const isOld = tried.isVersionRefused && endpoint.protocolVersion === undefined;
  const { isVersionRefused: _, ...found } = isOld ? await attempt(clock, config, access, endpoint, 4) : tried;
  return { ...base, certificates, ...found };
}

async function resolves(clock: Clock, host: string): Promise<string | undefined> {
  try {
    const found = await Promise.race([lookup(host), sleep(clock, doctorTimeoutMs)]);
    return found === undefined ? 'no answer of the name server' : undefined;
  } catch (error) {
    return codeOf(error) ?? String(error);
  }
}

interface Attempted extends Pick<BrokerFacts, 'failure' | 'denied' | 'version' | 'changesDots'> {
  readonly isVersionRefused: boolean;
}

const versionTopic = '$SYS/broker/version';

function attempt(
  clock: Clock,
  config: Config,
  access: BrokerAccess,
  endpoint: BrokerEndpoint,
  protocolVersion: 4 | 5,
): Promise<Attempted> {
  const { mqtt, node, groups } = config;
  const echoTopic = formatTopic(mqtt.root, node, 'event', 'doctor.echo');
  const slashedTopic = echoTopic.replaceAll('.', '/'); // as RabbitMQ brings it
  const targets = [node, '@all', ...groups.map((group) => `@${group}`)];
  const own = targets.flatMap((target) => [`${mqtt.root}/${target}/notify/+`, `${mqtt.root}/${target}/query/+`]);
  const filters = [...own, echoTopic, versionTopic];
  const denied: BrokerFacts['denied'][number][] = [];
  return new Promise((resolve) => {
    let version: string | undefined;
    let isHeard = false;
    let changesDots = false;
    const end = (failure?: LinkError, isVersionRefused = false) => {
      deadline[Symbol.dispose]();
      const told = version === undefined ? {} : { version };
      resolve({ denied, isVersionRefused, changesDots, ...told, ...(failure === undefined ? {} : { failure }) });
      session.close(); // Which may end it once more, with this as the reason.
    };
    const options = {
      identity: { ...access, clientId: `${access.clientId}-doctor` },
      subscriptions: filters.map((filter) => ({ filter, qos: 1 as const })),
      ...(access.password === undefined ? {} : { password: access.password }),
    };
    const session = attemptSession(clock, { endpoint, protocolVersion }, options, {
      onUp() {
        const event = JSON.stringify({ t: 'event', val: { what: 'doctor' } });
        const message = { topic: echoTopic, payload: Buffer.from(event), qos: 1, retain: false } as const;
        session.publish(message, (done) => {
          if (!done.ok) denied.push({ what: 'publish', topic: echoTopic, detail: done.error.detail });
          else if (!isHeard) return void clock.after(doctorEchoMsMax, () => finish());
          end();
        });
      },
      onTrouble({ detail }) {
        const topic = filters.find((filter) => detail.includes(JSON.stringify(filter)));
        // Many brokers keep these two for themselves, and the agent needs neither.
        if (topic === undefined || topic === versionTopic || topic === echoTopic) return;
        denied.push({ what: 'subscribe', topic, detail });
      },
      onMessage({ topic, payload }) {
        if (topic === versionTopic) version = Buffer.from(payload).toString('utf8').slice(0, 100);
        if (topic === slashedTopic) changesDots = true;
        if (topic === echoTopic || topic === slashedTopic) isHeard = true;
      },
      onEnd: ({ error, how }) => end(error, how === 'version-refused' || how === 'unanswered'),
    });
    /** On 3.1.1 a broker drops what it does not let through without a word: then nothing comes back either. */
    const finish = () => {
      if (!isHeard && protocolVersion === 4) {
        denied.push({ what: 'publish', topic: echoTopic, detail: 'it was taken, and did not come back' });
      }
      end();
    };
    const deadline = clock.after(doctorTimeoutMs, () => {
      const detail = `${formatBroker(endpoint)}: no ${session.waitingFor || 'answer'} within ${doctorTimeoutMs} ms`;
      end({ kind: 'timeout', detail });
    });
  });
}

/** Looked at whether or not it is to be trusted: the attempt tells that. */
function peerCertificate(
  clock: Clock,
  { host, port, credentials }: BrokerEndpoint,
): Promise<CertificateFacts | undefined> {
  return new Promise((resolve) => {
    const read = credentials?.read();
    const tls = read?.ok === true ? read.value : {};
    const name = tls.servername ?? (isIP(host) === 0 ? host : undefined);
    const { cert, key } = tls;
    const client = cert === undefined || key === undefined ? {} : { cert, key };
    const options = {
      host,
      port,
      rejectUnauthorized: false,
      ...client,
      ...(name === undefined ? {} : { servername: name }),
    };
    let socket: TLSSocket | undefined;
    const end = (found?: CertificateFacts) => {
      deadline[Symbol.dispose]();
      socket?.destroy();
      resolve(found);
    };
    const deadline = clock.after(doctorTimeoutMs, () => end());
    try {
      socket = connect(options, () => {
        const { valid_from: from, valid_to: to } = socket?.getPeerCertificate() ?? {};
        end(from === undefined || to === undefined ? undefined : datesOf('of the broker', from, to));
      });
      socket.on('error', () => end()); // The attempt tells it.
    } catch {
      end(); // Key or certificate are no PEM: the attempt tells that, too.
    }
  });
}

async function certificatesOf({ ca, cert }: BrokerConfig): Promise<readonly CertificateFacts[]> {
  const files = [ca, cert].filter((file) => file !== undefined);
  const read = await Promise.all(
    files.map(async (file) => {
      try {
        const { validFrom, validTo } = new X509Certificate(await readFile(file));
        return [datesOf(file, validFrom, validTo)];
      } catch {
        return []; // That it cannot be read is told by another check.
      }
    }),
  );
  return read.flat();
}

function datesOf(whose: string, from: string, to: string): CertificateFacts {
  return { whose, validFromMs: Date.parse(from), validToMs: Date.parse(to) };
}
