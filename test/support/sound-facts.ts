import type { AgentFacts, BoardFacts, BrokerFacts, Facts, SerialFacts } from '../../agent/doctor/facts.ts';
import { configOf } from './memory-agent.ts';

const wallMs = Date.UTC(2026, 10, 1);
const dayMs = 86_400_000;

const config = configOf(
  {
    documents: [
      'gpio.relay1: { driver: gpio-out, line: GPIO17 }',
      'serial.scale: { driver: serial-line, port: /dev/serial/by-id/usb-A }',
    ],
    mqtt: ['username: pi-1', 'password: "file:/etc/qn-agent/password"'],
  },
  '/var/lib/qn-agent',
);

export const soundBroker: BrokerFacts = {
  url: 'mqtts://b.example:8883',
  host: 'b.example',
  denied: [],
  version: 'mosquitto version 2.0.21',
  certificates: [{ whose: 'of the broker', validFromMs: wallMs - 30 * dayMs, validToMs: wallMs + 60 * dayMs }],
};

export const soundPort: SerialFacts = {
  document: 'serial.scale',
  port: '/dev/serial/by-id/usb-A',
  device: '/dev/ttyUSB0',
  isOpenable: true,
  holders: [],
  isConsole: false,
};

export const soundBoard: BoardFacts = {
  config: { ...config, gpio: { backend: 'auto' } },
  gpio: {
    chips: [{ path: '/dev/gpiochip0', isOpenable: true }],
    hasSysfs: false,
    lines: new Map([['GPIO17', { state: 'held', consumer: 'qn-agent' }]]),
  },
  serial: [soundPort],
  brokers: [soundBroker],
  disk: {
    folder: '/var/lib/qn-agent',
    freeBytes: 1e9,
    isOutOfInodes: false,
    mount: { point: '/', type: 'ext4', isReadOnly: false, isInMemory: false },
  },
  startsCount: 1,
};

export const soundAgent: AgentFacts = {
  pid: 812,
  configHash: 'abcdef0123',
  health: {
    uptime_s: 86_400,
    disk: { written_bytes: 1e6 },
    retained_lost: 0,
    loop: { p50_us: 100, p99_us: 2_000, max_us: 20_000 },
    pool: {
      small: { slots: 9, inbound: { used: 0, refused: 0 } },
      large: { slots: 2, inbound: { used: 0, refused: 0 } },
    },
    drivers: { 'firmware.mcu0': { driver: 'mcu', state: 'working' } },
    link: { brokers: [{ url: soundBroker.url, state: 'in-use' }] },
  },
};

const path = '/etc/qn-agent/config.yaml';

/** A board on which nothing is wrong. */
export const soundFacts: Facts = {
  configuration: {
    ...{ path, hash: 'abcdef0123', faults: [], warnings: [], secrets: [] },
    lookedAt: { config: 'file', version: 0, origin: 'file', author: path, file: path, why: [] },
  },
  user: { name: 'pi', isRoot: false, groups: ['gpio', 'dialout'] },
  clock: { wallMs, isPlausible: true, sync: 'synced', hasRtc: false },
  power: { throttled: 0 },
  code: {},
  board: soundBoard,
  agent: soundAgent,
  memory: { group: '/qn.slice/qn-agent.service', least: { group: '/qn.slice', bytes: 134_217_728 } },
};
