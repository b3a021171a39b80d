export interface BrokerBug {
  readonly what: string;
  readonly fix: string;
}

/** Versions from `first` on and before `fixed`, by what the broker says on $SYS/broker/version. */
const bugs: readonly {
  readonly name: RegExp;
  readonly first: string;
  readonly fixed: string;
  readonly what: string;
}[] = [
  {
    name: /^mosquitto version (\d+\.\d+\.\d+)/,
    first: '2.0.0',
    fixed: '2.0.19',
    what: 'with per_listener_settings it forgets persistent sessions, and a client can make it leak memory or crash',
  },
];

export function knownBugs(version: string): BrokerBug | undefined {
  for (const { name, first, fixed, what } of bugs) {
    const [, number] = name.exec(version) ?? [];
    if (number === undefined || isBefore(number, first) || !isBefore(number, fixed)) continue;
    return { what: `${what} (mended in ${fixed})`, fix: 'sudo apt-get install --only-upgrade mosquitto' };
  }
  return undefined;
}

function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0;
}
