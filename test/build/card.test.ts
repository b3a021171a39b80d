import { spawnSync } from 'node:child_process';
import { pbkdf2Sync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { formatFault } from '../../agent/config/fault.ts';
import { plannedFiles } from '../../build/image/setup/planned-files.ts';
import { type Card, readCard } from '../../build/image/setup/read-card.ts';
import { writeLast } from '../../build/image/setup/write-files.ts';

const agentPart = 'node: pi-7\nmqtt:\n  brokers: [{ url: "mqtt://10.0.0.1:1883" }]\n';
const key = `ssh-ed25519 ${'A'.repeat(68)} you@laptop`;

function cardOf(text: string): Card {
  const card = readCard(text, 'qn-agent.yaml');
  if (!card.ok) throw new Error(card.error.map(formatFault).join('\n'));
  return card.value;
}

function faultsOf(text: string): readonly string[] {
  const card = readCard(text, 'qn-agent.yaml');
  return card.ok ? [] : card.error.map(formatFault);
}

describe('the file on the card', () => {
  it('that comes with the image is sound', () => {
    const text = readFileSync('build/image/qn-agent.yaml', 'utf8');
    expect(cardOf(text)).toMatchObject({ node: 'pi-1', board: { root: 'writable', 'ssh-keys': [], files: {} } });
  });

  it('is sound too with every example in it', () => {
    const shown = readFileSync('build/image/qn-agent.yaml', 'utf8')
      .replaceAll(/^( *)# (wired|wifi|ssh-keys|files|username|password):/gm, '$1$2:')
      .replace('documents: {}', 'documents:')
      .replace(/^# {2}(gpio.relay1)/m, '  $1');
    const { board, agentText } = cardOf(shown.replace('AAAA…', 'AAAA'));
    expect(board).toMatchObject({
      wired: { address: '10.0.0.5/24' },
      wifi: { country: 'DE' },
      files: { password: 'of the broker' },
    });
    expect(agentText).toContain('gpio.relay1');
  });

  it('goes to the agent without its board, every other line where it was', () => {
    const text = `# mine\n${agentPart}board:\n  # a radio\n  root: read-only\n\nhealth: { interval: 30s }\n`;
    const { agentText } = cardOf(text);
    expect(agentText).not.toContain('read-only');
    const lines = text.split('\n');
    expect(agentText.split('\n').indexOf('health: { interval: 30s }')).toBe(lines.indexOf('health: { interval: 30s }'));
    expect(cardOf(agentText)).toMatchObject({ node: 'pi-7' });
  });

  it('may be written on Windows', () => {
    expect(cardOf(`${agentPart}board:\n  root: read-only\n`.replaceAll('\n', '\r\n')).board.root).toBe('read-only');
  });

  const faulty: readonly (readonly [string, string, RegExp])[] = [
    [
      'a key of the agent that is not known',
      `${agentPart}helth: {}\n`,
      /^qn-agent\.yaml:4:1: .*unknown key "helth".*health/,
    ],
    ['a key of the board that is not known', `${agentPart}board:\n  wlan: {}\n`, /:5:3: \/board\/wlan: unknown key/],
    ['a radio without a country', `${agentPart}board:\n  wifi: { ssid: a }\n`, /\/board\/wifi.*country: DE/],
    [
      'a password that is too short',
      `${agentPart}board:\n  wifi: { ssid: a, country: DE, password: "1234567" }\n`,
      /8 to 63/,
    ],
    ...['10.0.0.5', '10.0.0.5/33', '10.0.0.5/0', 'fe80::1/129', 'board/24'].map(
      (address) =>
        [
          `${address} as its address`,
          `${agentPart}board:\n  wired: { address: "${address}" }\n`,
          /:5:21: \/board\/wired\/address: not an address with its prefix: .*\(address: 10\.0\.0\.5\/24/,
        ] as const,
    ),
    ...['10.0.1.1', '10.0.0.5', 'fe80::1'].map(
      (gateway) =>
        [
          `a gateway that is ${gateway}`,
          `${agentPart}board:\n  wired: { address: 10.0.0.5/24, gateway: "${gateway}" }\n`,
          /:5:\d+: \/board\/wired: gateway must be in the network/,
        ] as const,
    ),
    ['a gateway alone', `${agentPart}board:\n  wired: { gateway: 10.0.0.1 }\n`, /gateway must be in the network/],
    [
      'a name that DNS cannot ask',
      `${agentPart}board:\n  wired: { dns: [dns.example] }\n`,
      /dns\/0: not an IP address/,
    ],
    ['half a key', `${agentPart}board:\n  ssh-keys: ["ssh-ed25519"]\n`, /\/board\/ssh-keys\/0.*not a public SSH key/],
    ['a key of two lines', `${agentPart}board:\n  ssh-keys: ["${key}\\n${key}"]\n`, /control characters/],
    ['a file somewhere else', `${agentPart}board:\n  files: { "../x": "" }\n`, /not a file name/],
    [
      'a board in the middle of a line',
      `{ node: pi-7, mqtt: { brokers: [{ url: "mqtt://a:1" }] }, board: {} }`,
      /line of its own/,
    ],
    [
      'a board that others lean on',
      `board:\n  files: { password: &secret hunter22 }\n${agentPart}  username: *secret\n`,
      /:1:1: \/board: .*by itself/,
    ],
    [
      'a board that changes what others lean on',
      `node: &name pi-7\nboard: { files: { name: &name pi-8 } }\nmqtt: { username: *name, brokers: [{ url: "mqtt://a:1" }] }\n`,
      /:2:1: \/board: .*by itself/,
    ],
    [
      'a board that has the last brace of the file',
      `{ node: pi-7,\nmqtt: { brokers: [{ url: "mqtt://a:1" }] },\nboard: { root: read-only }\n}\n`,
      /:3:1: \/board: .*by itself/,
    ],
    ['nothing', '', /expected a map/],
    ['a tab where YAML has none', 'node: pi-7\n\tmqtt: 1\n', /not YAML/],
  ];
  it.each(faulty)('is refused with %s', (_title, text, expected) => {
    expect(faultsOf(text).join('\n')).toMatch(expected);
  });

  it('has all of its faults told at once, in their order', () => {
    const faults = faultsOf(`board:\n  root: rw\nnode: PI\nmqtt: { brokers: [] }\n`);
    expect(faults.map((fault) => fault.split(':')[1])).toEqual(['2', '3', '4']);
  });
});

const hostnameMissing = spawnSync('unshare', ['--uts', 'hostname', 'pi-7']).status !== 0;

describe('what follows from a card', () => {
  const rich = `${agentPart}board:
  wifi: { ssid: "café \\"1\\"", password: 'it is "secret"', country: DE }
  ssh-keys: ["${key}"]
  files:
    password: secret
`;
  const find = (text: string, path: string) => plannedFiles(cardOf(text)).find((file) => file.path === path);

  it('is the name of the board', () => {
    expect(find(agentPart, '/etc/hostname')?.text).toBe('pi-7\n');
  });

  it.skipIf(hostnameMissing)('is a name that the system takes, whatever the node is called', () => {
    for (const node of ['pi_7', 'line-1_', '7__', 'a--b', 'a'.repeat(63)]) {
      const name = find(agentPart.replace('pi-7', node), '/etc/hostname')?.text?.trim() ?? '';
      const { stderr } = spawnSync('unshare', ['--uts', 'sh', '-c', 'hostname "$1" && hostname', 'sh', name]);
      expect(String(stderr)).toBe('');
    }
  });

  it('is a radio whose name and password need no quotes', () => {
    const wifi = find(rich, '/etc/wpa_supplicant/wpa_supplicant-wlan0.conf');
    const psk = pbkdf2Sync('it is "secret"', 'café "1"', 4_096, 32, 'sha1').toString('hex');
    expect(wifi?.mode).toBe(0o600);
    expect(wifi?.text).toContain(`psk=${psk}\n`);
    expect(wifi?.text).toContain(`ssid=${Buffer.from('café "1"').toString('hex')}\n`);
    expect(wifi?.text).not.toContain('secret');
  });

  it('is an address where there is no DHCP', () => {
    const [wired, wifi] = ['wired', 'wifi'].map((link) => `/etc/systemd/network/10-${link}.network`) as [
      string,
      string,
    ];
    const text = `${agentPart}board:
  wired: { address: "fd00::5/64", gateway: "fe80::1", dns: [10.0.0.1] }
  wifi: { ssid: a, country: DE, dns: [10.0.0.1, "fd00::1"], ntp: [time.example] }
`;
    const fixed = ['DHCP=no', 'Address=fd00::5/64', 'DNS=10.0.0.1', 'IgnoreCarrierLoss=10s'];
    const route = ['[Route]', 'Gateway=fe80::1', 'Metric=1024'];
    expect(find(text, wired)?.text?.split('\n')).toEqual([
      '[Match]',
      'Name=eth0',
      '',
      '[Network]',
      ...fixed,
      '',
      ...route,
      '',
    ]);
    const asked = ['DHCP=yes', 'DNS=10.0.0.1', 'DNS=fd00::1', 'NTP=time.example', 'IgnoreCarrierLoss=10s'];
    expect(find(text, wifi)?.text?.split('\n')).toEqual([
      '[Match]',
      'Name=wlan0',
      '',
      '[Network]',
      ...asked,
      '',
      '[DHCPv4]',
      'RouteMetric=2048',
      'UseDomains=yes',
      '',
    ]);
    expect(find(agentPart, wired)).not.toHaveProperty('text');
  });

  it('is no radio and no key any more where the card has none', () => {
    expect(find(agentPart, '/etc/wpa_supplicant/wpa_supplicant-wlan0.conf')).not.toHaveProperty('text');
    expect(find(agentPart, '/etc/ssh/authorized_keys.d/admin')).not.toHaveProperty('text');
    expect(find(rich, '/etc/ssh/authorized_keys.d/admin')?.text).toBe(`${key}\n`);
  });

  it('is files that the agent can read, and nobody else', () => {
    const file = find(rich, '/etc/qn-agent/files/password');
    expect(file).toMatchObject({ text: 'secret', mode: 0o640, group: 'qn-agent' });
  });

  it('has the config of the agent last, when all that it names is there', () => {
    expect(plannedFiles(cardOf(rich)).at(-1)?.path).toBe('/etc/qn-agent/config.yaml');
  });
});

it('what says that a card was taken over is written when all the rest is on the disk', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-taken-'));
  const taken = path.join(folder, 'taken');
  try {
    // In place of that of the system: it tells whether it was called, and before what.
    const seen = path.join(folder, 'seen');
    writeFileSync(path.join(folder, 'sync'), `#!/bin/sh\nls ${folder} >${seen}\n`, { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
    writeLast({ path: taken, text: 'a hash', mode: 0o644 });
    expect(readFileSync(seen, 'utf8')).not.toContain('taken');
    expect(readFileSync(taken, 'utf8')).toBe('a hash');
  } finally {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  }
});

const systemdMissing = spawnSync('systemd-analyze', ['--version']).status !== 0;

it.skipIf(systemdMissing)('the unit that reads the card has no key that systemd does not know', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'qn-unit-'));
  try {
    const text = readFileSync('build/image/board/usr/lib/systemd/system/qn-setup.service', 'utf8');
    const copy = path.join(folder, 'qn-setup.service');
    writeFileSync(copy, text.replaceAll('/usr/lib/qn-agent/node', process.execPath));
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], { encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
