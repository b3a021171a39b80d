import { pbkdf2Sync } from 'node:crypto';
import { type Addressing, networkText } from './addressing.ts';
import type { BoardSection } from './board-section.ts';
import type { Card } from './read-card.ts';

/** A file as it shall be; without `text` it shall not be there. */
export interface PlannedFile {
  readonly path: string;
  readonly text?: string;
  readonly mode: number;
  /** Who may read it besides root; absent: nobody, or everybody, as `mode` says. */
  readonly group?: 'qn-agent';
}

/** For the agent, and nobody else: passwords, keys, certificates. */
export const agentFilesFolder = '/etc/qn-agent/files';

/** The name of a board in the network, which has no `_` and no `-` at its end (RFC 952); a node may have both (QN-1.1). */
export function hostNameOf(node: string): string {
  return node.replaceAll('_', '-').replace(/-+$/, '');
}

/** Everything that follows from a card, in the order in which it is written. */
export function plannedFiles({ node, board, agentText }: Card): readonly PlannedFile[] {
  const { files, wired, wifi, 'ssh-keys': sshKeys } = board;
  const hostName = hostNameOf(node);
  return [
    { path: '/etc/hostname', mode: 0o644, text: `${hostName}\n` },
    { path: '/etc/hosts', mode: 0o644, text: `127.0.0.1 localhost\n::1 localhost\n127.0.1.1 ${hostName}\n` },
    {
      path: '/etc/wpa_supplicant/wpa_supplicant-wlan0.conf',
      mode: 0o600,
      ...(wifi !== undefined && { text: wifiText(wifi) }),
    },
    networkFile('wired', wired),
    networkFile('wifi', wifi),
    {
      path: '/etc/ssh/authorized_keys.d/admin',
      mode: 0o644,
      ...(sshKeys.length > 0 && { text: `${sshKeys.join('\n')}\n` }),
    },
    ...Object.entries(files).map(
      ([name, text]): PlannedFile => ({ path: `${agentFilesFolder}/${name}`, text, mode: 0o640, group: 'qn-agent' }),
    ),
    // Last of them: the agent reads the others from it.
    { path: '/etc/qn-agent/config.yaml', text: agentText, mode: 0o640, group: 'qn-agent' },
  ];
}

/** The built-in ones. Whatever else is plugged in, a modem perhaps, asks for its address as before. */
const links = { wired: { name: 'eth0', metric: 1_024 }, wifi: { name: 'wlan0', metric: 2_048 } };

function networkFile(link: keyof typeof links, addressing: Addressing | undefined): PlannedFile {
  const text = addressing && networkText(links[link], addressing);
  return { path: `/etc/systemd/network/10-${link}.network`, mode: 0o644, ...(text !== undefined && { text }) };
}

/** The name in hex and the key instead of the password: nothing in them needs quotes. */
function wifiText({ ssid, password, country }: NonNullable<BoardSection['wifi']>): string {
  const lines = [
    `country=${country}`,
    'network={',
    `  ssid=${Buffer.from(ssid).toString('hex')}`,
    '  scan_ssid=1',
    // What IEEE 802.11i makes of a pass phrase.
    ...(password === undefined
      ? ['  key_mgmt=NONE']
      : [`  psk=${pbkdf2Sync(password, ssid, 4_096, 32, 'sha1').toString('hex')}`]),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}
