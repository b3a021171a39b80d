import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { BrokerReport } from '../mqtt/link.ts';
import { certificateWarningDays } from '../trust/limits.ts';
import { roomFix, spaceOf } from './disk-space.ts';
import { type Mount, mountOf } from './mounts.ts';
import type { HealthSources } from './report.ts';

/** What is counted apart in the metrics; as many as there are. */
export const warningCodes = [
  'deaf',
  'mute',
  'twin',
  'certificate',
  'open-config',
  'ended-key',
  'state-in-memory',
  'full-disk',
  'memory-lost',
] as const;

export interface Warning {
  readonly code: (typeof warningCodes)[number];
  readonly text: string;
}

/** What is well today and will not stay so, or is weaker than it could be. It does not change the status (QN-6.5a). */
export function certificateWarnings(brokers: readonly BrokerReport[]): readonly string[] {
  return brokers.flatMap(({ url, certificateDays, ownCertificateDays }) => [
    ...warning(`the certificate of ${url}`, certificateDays),
    ...warning(`the certificate this node shows ${url}`, ownCertificateDays),
  ]);
}

function warning(what: string, days: number | undefined): readonly string[] {
  if (days === undefined || days >= certificateWarningDays) return [];
  return [days < 0 ? `${what} has expired` : `${what} expires in ${days} days; replace the file, no restart is needed`];
}

/** `refused`: subscriptions. Who waits for what comes there waits in vain. */
export function linkWarnings({ brokers, refused = [], twin }: ReturnType<HealthSources['link']>): readonly string[] {
  return [
    ...refused.map((detail) => `${detail}; ${deafFix}`),
    ...unsaidWarnings(brokers),
    ...(twin === undefined ? [] : [`${twin}; ${twinFix}`]),
    ...certificateWarnings(brokers),
  ];
}

/** What a broker does not take of what this node says, nobody hears. */
export function unsaidWarnings(brokers: readonly BrokerReport[]): readonly string[] {
  return brokers.flatMap(({ unsaid }) =>
    unsaid === undefined ? [] : [[unsaid.detail, unsaid.fix].filter(Boolean).join('; ')],
  );
}

export const twinFix = 'give each board a name of its own: both act on what is sent to this one';
export const deafFix = 'let its user read there, as qn-agent topics --acl mosquitto writes it';

/**
 * What stays as it is while the config does not change, and what may be changed; asked again for each report. `memoryLost`: what
 * documents remembered, in this life of the agent.
 */
export function openWarnings(
  running: { readonly config: Config },
  clock: Pick<Clock, 'wallMs'>,
  memoryLost: string | undefined,
): () => readonly Warning[] {
  const lost: readonly Warning[] = memoryLost === undefined ? [] : [{ code: 'memory-lost', text: memoryLost }];
  let lasting = lost;
  const { stateFolder } = running.config;
  void mountOf(stateFolder, '/proc').then(
    (mount) =>
      (lasting =
        mount?.isInMemory === true ? [...lost, { code: 'state-in-memory', text: inMemory(stateFolder, mount) }] : lost),
    () => {}, // Elsewhere than on Linux it is not known.
  );
  const space = watchSpace(stateFolder);
  space(); // For the first report.
  return () => [...trustWarnings(running.config, clock.wallMs()), ...lasting, ...space()];
}

/** Looks anew each time, and says what it saw the time before. A disk that does not answer is asked once. */
function watchSpace(folder: string): () => readonly Warning[] {
  let seen: readonly Warning[] = [];
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    const { isFull, detail } = await spaceOf(folder);
    const text = `${detail}: what needs the journal is refused when nothing more fits; ${roomFix(folder)}`;
    seen = isFull ? [{ code: 'full-disk', text }] : [];
    isLooking = false;
  };
  return () => {
    look().catch(() => {
      isLooking = false; // The store tells of a folder that cannot be looked at.
    });
    return seen;
  };
}

export function inMemory(stateFolder: string, { point, type }: Mount): string {
  return `state-folder ${stateFolder} is in memory (${point}: ${type}): after a power cut the config that was pushed and all that is known of commands are gone`;
}

export function trustWarnings(
  { overAir, trust }: Pick<Config, 'overAir' | 'trust'>,
  nowMs: number,
): readonly Warning[] {
  const isOpen = overAir.trust === 'none';
  const open =
    'config.trust is none: whoever may publish to the broker may change this board; write trust.keys instead';
  const ended = trust.keys.filter(({ expiresMs }) => expiresMs !== undefined && expiresMs <= nowMs);
  return [
    ...(isOpen ? [{ code: 'open-config', text: open } as const] : []),
    ...ended.map(({ kid }) => {
      return { code: 'ended-key', text: `the key ${kid} in trust.keys is not trusted any more` } as const;
    }),
  ];
}
