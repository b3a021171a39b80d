import type { Config } from '../../config/config.ts';
import { deafFix, twinFix } from '../../health/warnings.ts';
import { certificateDaysMin } from '../../limits.ts';
import type { LinkErrorCode } from '../../mqtt/link.ts';
import { muteFix } from '../../mqtt/link-error.ts';
import { knownBugs } from '../broker-bugs.ts';
import { type Check, problem, type Trouble, warning } from '../check.ts';
import { type BrokerFacts, type CertificateFacts, type Facts, placeOf } from '../facts.ts';
import { brokerRowsOf, numberOf, warningsOf } from '../health-numbers.ts';
import { shellWord } from '../shell-word.ts';

const dayMs = 86_400_000;
/** Of files that cannot be read; CFG-05 tells which. */
const unreadable: LinkErrorCode = 'credentials-unreadable';

export const mqttChecks: readonly Check[] = [
  {
    code: 'MQTT-01',
    title: 'the names of the brokers resolve',
    judge: judgeBrokers(({ host, nameFault }) =>
      nameFault === undefined
        ? []
        : [
            problem(
              `the name ${host} of a broker does not resolve: ${nameFault}`,
              `getent hosts ${host} || cat /etc/resolv.conf`,
            ),
          ],
    ),
  },
  {
    code: 'MQTT-02',
    title: 'the brokers can be reached',
    judge: judgeBrokers(({ url, failure }) => {
      if (failure?.kind !== 'refused' && failure?.kind !== 'timeout' && failure?.kind !== 'closed') return [];
      const [, host = '', port = ''] = /\/\/(.*?)(?::(\d+))?$/.exec(url) ?? [];
      return [problem(`nobody answers at ${url}: ${failure.detail}`, `nc -vz ${host} ${port}`)];
    }),
  },
  {
    code: 'MQTT-03',
    title: 'the certificates of the brokers are valid already',
    judge: judgeBrokers(({ url, failure, certificates }, { clock }) => {
      if (failure?.code !== 'certificate-not-yet-valid') return [];
      const from = certificates.find(({ validFromMs }) => validFromMs > clock.wallMs);
      const until = from === undefined ? '' : `, from ${day(from.validFromMs)} on`;
      const now = `this board has ${day(clock.wallMs)}`;
      const isClock = clock.sync !== 'synced';
      const why = isClock ? `${now} and its clock is not set from a time server` : now;
      const fix = isClock ? 'sudo timedatectl set-ntp true' : `openssl x509 -noout -dates -in CERTIFICATE of ${url}`;
      return [problem(`a certificate at ${url} is not valid yet${until}: ${why}`, fix)];
    }),
  },
  {
    code: 'MQTT-04',
    title: 'no certificate is at its end',
    judge: judgeBrokers(({ url, certificates, failure }, { clock }) => {
      const old = certificates.flatMap((certificate) => judgeAge(url, certificate, clock.wallMs));
      if (old.length > 0 || failure?.code !== 'certificate-expired') return old;
      return [
        problem(
          `a certificate at ${url} has expired: ${failure.detail}`,
          `openssl s_client -connect ${authority(url)} </dev/null`,
        ),
      ];
    }),
  },
  {
    code: 'MQTT-05',
    title: 'the brokers let this node in',
    judge: judgeBrokers(({ url, failure }, { board }) => {
      if (failure?.code === unreadable) return [];
      if (failure?.kind !== 'auth' && failure?.code !== 'client-id-refused') return [];
      const { username, password } = board?.config.mqtt ?? {};
      const who = username === undefined ? 'without a user name' : `as ${username}`;
      const place = placeOf(password);
      const fix =
        place === undefined
          ? 'set mqtt.username and mqtt.password: file:/etc/qn-agent/password in the config'
          : `printf %s 'THE PASSWORD' | sudo tee ${shellWord(place)} >/dev/null`;
      return [
        problem(`${url} does not let this node in ${who}: wrong user, password or client id (${failure.detail})`, fix),
      ];
    }),
  },
  {
    code: 'MQTT-06',
    title: 'the brokers let this node publish and subscribe',
    judge({ board, agent }) {
      if (board === undefined) return 'unknown';
      const found = board.brokers.flatMap(({ url, denied }) =>
        denied.map(({ what, topic, detail }) => `${url} does not let this node ${what} ${topic}: ${detail}`),
      );
      // The agent hears for longer, and of more topics.
      const told = warningsOf(agent).filter((text) => text.endsWith(deafFix) || text.endsWith(muteFix));
      if (found.length + told.length === 0 && !board.brokers.some(isSeen)) return 'unknown';
      return (found.length > 0 ? found : told).map((cause) => problem(cause, rightsFix(board.config)));
    },
  },
  {
    code: 'MQTT-07',
    title: 'nobody else has the client id of this node',
    judge: judgeAgent((facts) => {
      // That one would act on what is sent to this one under another client id as well.
      const told = warningsOf(facts.agent).filter((text) => text.endsWith(twinFix));
      if (told.length > 0)
        return told.map((cause) => problem(cause, 'set another node in the config of one of the two'));
      return brokerRowsOf(facts.agent).flatMap(({ url, code, detail }) => {
        const twice: LinkErrorCode = 'client-id-twice';
        if (code !== twice) return [];
        const { clientId = '', node = '' } = {
          clientId: facts.board?.config.mqtt.clientId,
          node: facts.board?.config.node,
        };
        return [
          problem(
            `the client id ${clientId} is used twice at ${url}: ${detail}`,
            `set mqtt.client-id: ${node}-2 in the config`,
          ),
        ];
      });
    }),
  },
  {
    code: 'MQTT-08',
    title: 'the brokers have no version with known bugs',
    judge({ board }) {
      const seen = board?.brokers.filter(isSeen) ?? [];
      if (seen.length === 0) return 'unknown';
      return seen.flatMap(({ url, version }) => {
        const bug = version === undefined ? undefined : knownBugs(version);
        return bug === undefined ? [] : [warning(`${url} is ${version ?? ''}: ${bug.what}`, bug.fix)];
      });
    },
  },
  {
    code: 'MQTT-09',
    title: 'no broker lost what it retained',
    judge: judgeAgent(({ agent }) => {
      const count = numberOf(agent, 'retained_lost');
      if (count === 0) return [];
      const cause = `a broker came back ${count} times since the agent started without what it had retained: it keeps nothing over its restarts; where mosquitto runs:`;
      return [warning(cause, persistenceFix)];
    }),
  },
  {
    code: 'MQTT-10',
    title: 'the certificates of the brokers are trusted, and the protocol is MQTT',
    judge: judgeBrokers(({ url, failure }) => {
      if (failure === undefined || isToldElsewhere(failure)) return [];
      return [
        problem(
          `${url} cannot be used: ${failure.detail}`,
          failure.fix ?? `openssl s_client -connect ${authority(url)} </dev/null`,
        ),
      ];
    }),
  },
];

/** Of two places mosquitto takes none and does not start; what it reads last counts for the rest, so that goes to the end. */
const persistenceFix = [
  `grep -rqs '^persistence_location' /etc/mosquitto || echo 'persistence_location /var/lib/mosquitto/' | sudo tee /etc/mosquitto/conf.d/location.conf`,
  `echo 'persistence true' | sudo tee /etc/mosquitto/conf.d/zz-persistence.conf && sudo systemctl restart mosquitto`,
].join('; ');

/** It let this node in. */
export function isSeen({ failure, nameFault }: BrokerFacts): boolean {
  return failure === undefined && nameFault === undefined;
}

/** Rules before the first user are for who has no name; a user without one ends mosquitto. */
function rightsFix({ node, groups, bindings, mqtt: { root, username } }: Config): string {
  const heard = [...['all', ...groups].map((group) => `${root}/@${group}/#`), ...new Set(bindings.map(({ on }) => on))];
  const rules = [`readwrite ${root}/${node}/#`, ...heard.map((topic) => `read ${topic}`)]
    .map((rule) => `topic ${rule}`)
    .join('\\n');
  const file = '/etc/mosquitto/acl';
  const edit =
    username === undefined
      ? `sudo sed -i ${shellWord(`1i ${rules}`)} ${file}`
      : `printf '%b\\n' ${shellWord(`user ${username}\\n${rules}`)} | sudo tee -a ${file}`;
  return `${edit} && sudo systemctl reload mosquitto`;
}

function isToldElsewhere({ kind, code }: NonNullable<BrokerFacts['failure']>): boolean {
  if (
    code === unreadable ||
    code === 'certificate-not-yet-valid' ||
    code === 'certificate-expired' ||
    code === 'client-id-refused'
  )
    return true;
  return kind !== 'tls' && kind !== 'protocol';
}

function judgeAge(url: string, { whose, validToMs }: CertificateFacts, nowMs: number): readonly Trouble[] {
  const days = Math.floor((validToMs - nowMs) / dayMs);
  if (days > certificateDaysMin) return [];
  const isFile = whose.startsWith('/');
  const what = isFile ? `the certificate ${whose}` : `the certificate ${whose} ${url}`;
  const fix = isFile
    ? `openssl x509 -noout -enddate -in ${whose}`
    : `openssl s_client -connect ${authority(url)} </dev/null | openssl x509 -noout -enddate`;
  if (validToMs < nowMs)
    return [problem(`${what} has expired on ${day(validToMs)}: renew it, or set the clock of this board`, fix)];
  return [warning(`${what} expires in ${days} days, on ${day(validToMs)}: renew it`, fix)];
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function authority(url: string): string {
  return url.replace(/^mqtts?:\/\//, '');
}

function judgeBrokers(judge: (broker: BrokerFacts, facts: Facts) => readonly Trouble[]): Check['judge'] {
  return (facts) =>
    facts.board === undefined ? 'unknown' : facts.board.brokers.flatMap((broker) => judge(broker, facts));
}

function judgeAgent(judge: (facts: Facts) => readonly Trouble[]): Check['judge'] {
  return (facts) => (facts.agent === undefined ? 'unknown' : judge(facts));
}
