import { BlockList, isIP } from 'node:net';
import * as v from 'valibot';
import { describeInput, message } from '../../../agent/config/schema/issue.ts';
import { listOf, text } from '../../../agent/config/schema/scalar.ts';

const serversMax = 4;
/** A full name in the DNS. */
const nameBytesMax = 253;

const cidr = v.pipe(
  text('the address', 64),
  v.check(
    (input) => parseCidr(input) !== undefined,
    ({ input }) => message(`not an address with its prefix: ${describeInput(input)}`, 'address: 10.0.0.5/24'),
  ),
);

const ip = v.pipe(
  text('an IP address', 64),
  v.check(
    (input) => isIP(input) !== 0,
    ({ input }) => message(`not an IP address: ${describeInput(input)}`, '10.0.0.1'),
  ),
);

const server = v.pipe(
  text('a name or an IP address', nameBytesMax),
  v.check(
    (input) => isIP(input) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(input),
    ({ input }) => message(`neither a name nor an IP address: ${describeInput(input)}`, 'ntp.example or 10.0.0.1'),
  ),
);

/** For a network without DHCP, or whose DHCP does not tell all. */
export const addressingEntries = {
  address: v.optional(cidr),
  gateway: v.optional(ip),
  dns: v.optional(listOf(ip, 'servers', serversMax), []),
  ntp: v.optional(listOf(server, 'servers', serversMax), []),
};

export interface Addressing {
  /** With the length of its prefix. Absent: DHCP. */
  readonly address?: string | undefined;
  readonly gateway?: string | undefined;
  readonly dns: readonly string[];
  readonly ntp: readonly string[];
}

/** Nobody would reach a board whose gateway is in another network than itself, and systemd says so only on the board. */
export function hasFittingGateway({ address, gateway }: Addressing): boolean {
  if (gateway === undefined) return true;
  const parsed = address === undefined ? undefined : parseCidr(address);
  if (parsed === undefined || isIP(gateway) !== isIP(parsed.host)) return false;
  if (isIP(gateway) === 6 && /^fe[89ab]/i.test(gateway)) return true;
  const network = new BlockList();
  const family = isIP(gateway) === 6 ? 'ipv6' : 'ipv4';
  network.addSubnet(parsed.host, parsed.prefixBits, family);
  return network.check(gateway, family) && gateway !== parsed.host;
}

export const gatewayMessage = message(
  'gateway must be in the network of address, and another one',
  'address: 10.0.0.5/24 with gateway: 10.0.0.1',
);

export interface NetworkLink {
  readonly name: string;
  /** Of its routes; less is preferred. */
  readonly metric: number;
}

/** A `.network` file of systemd-networkd for one link, before those of the image, which are for all others, too. */
export function networkText({ name, metric }: NetworkLink, { address, gateway, dns, ntp }: Addressing): string {
  const lines = [
    ...['[Match]', `Name=${name}`, '', '[Network]', `DHCP=${address === undefined ? 'yes' : 'no'}`],
    ...(address === undefined ? [] : [`Address=${address}`]),
    ...dns.map((value) => `DNS=${value}`),
    ...ntp.map((value) => `NTP=${value}`),
    'IgnoreCarrierLoss=10s',
    ...(gateway === undefined ? [] : ['', '[Route]', `Gateway=${gateway}`, `Metric=${metric}`]),
    ...(address === undefined ? ['', '[DHCPv4]', `RouteMetric=${metric}`, 'UseDomains=yes'] : []),
  ];
  return `${lines.join('\n')}\n`;
}

interface Cidr {
  readonly host: string;
  readonly prefixBits: number;
}

function parseCidr(input: string): Cidr | undefined {
  const [, host = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(input) ?? [];
  const prefixBits = Number(bits);
  const bitsMax = { 0: -1, 4: 32, 6: 128 }[isIP(host)] ?? -1;
  return bits !== '' && prefixBits > 0 && prefixBits <= bitsMax ? { host, prefixBits } : undefined;
}
