/** What is written into DEBIAN/control of one package; see deb-control(5). */
export interface PackageFacts {
  readonly version: string;
  readonly architecture: DebianArchitecture;
  /** Of everything it installs. */
  readonly installedBytes: number;
}

export type DebianArchitecture = 'amd64' | 'arm64';

/** The shared libraries of the Node that npm has, and what the scripts of the package call. */
const depends = ['libc6 (>= 2.28)', 'libstdc++6 (>= 6)', 'libgcc-s1', 'adduser', 'systemd'];

export function controlText({ version, architecture, installedBytes }: PackageFacts): string {
  const fields = [
    ['Package', 'qn-agent'],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', 'QN agent maintainers <maintainers@qn-agent.invalid>'],
    ['Installed-Size', String(Math.ceil(installedBytes / 1_024))],
    ['Depends', [...depends, ...(architecture === 'arm64' ? ['libatomic1'] : [])].join(', ')],
    ['Recommends', 'udev'],
    ['Section', 'net'],
    ['Priority', 'optional'],
    ['Description', 'device agent: MQTT topics to GPIO and serial lines'],
  ];
  const lines = fields.map(([name, value]) => `${name}: ${value}`);
  return `${[...lines, ...description.map((line) => ` ${line === '' ? '.' : line}`)].join('\n')}\n`;
}

const description = [
  'Subscribes to QN (Query-Notify) topics over MQTT and maps them to GPIO lines,',
  'PWM channels, serial lines and Modbus registers. Every command is acknowledged',
  'with how it ended, every pin and line has a retained state, outputs have safe',
  'states, and the board tests itself at boot and reports its health.',
  '',
  'The package brings its own Node.js.',
];
