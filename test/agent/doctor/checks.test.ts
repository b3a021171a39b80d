import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../agent/doctor/check.ts';
import { checks } from '../../../agent/doctor/checks.ts';
import type { BoardFacts, BrokerFacts, Facts, SerialFacts } from '../../../agent/doctor/facts.ts';
import type { LinkError } from '../../../agent/mqtt/link.ts';
import type { LineSight } from '../../../drivers/gpio-survey.ts';
import { soundAgent, soundBoard, soundBroker, soundFacts, soundPort } from '../../support/sound-facts.ts';

const dayMs = 86_400_000;
const nowMs = soundFacts.clock.wallMs;

const board = (planted: Partial<BoardFacts>): Partial<Facts> => ({ board: { ...soundBoard, ...planted } });
const broker = (planted: Partial<BrokerFacts>) => board({ brokers: [{ ...soundBroker, ...planted }] });
const failing = (failure: LinkError, more: Partial<BrokerFacts> = {}) => broker({ failure, ...more });
const port = (planted: Partial<SerialFacts>) => board({ serial: [{ ...soundPort, ...planted }] });
const gpio = (planted: Partial<BoardFacts['gpio']>) => board({ gpio: { ...soundBoard.gpio, ...planted } });
const line = (sight: LineSight) => gpio({ lines: new Map([['GPIO17', sight]]) });
const disk = (planted: Partial<BoardFacts['disk']>) => board({ disk: { ...soundBoard.disk, ...planted } });
const health = (planted: object): Partial<Facts> => ({
  agent: { ...soundAgent, health: { ...soundAgent.health, ...planted } },
});
const configuration = (planted: Partial<Facts['configuration']>): Partial<Facts> => ({
  configuration: { ...soundFacts.configuration, ...planted },
});
const backend = (name: 'auto' | 'sysfs' | 'gpiochip', sight: Partial<BoardFacts['gpio']>) =>
  board({
    config: { ...soundBoard.config, gpio: { backend: name } },
    gpio: { ...soundBoard.gpio, lines: new Map(), ...sight },
  });
const until = (validToMs: number, whose = 'of the broker') => ({ whose, validFromMs: 0, validToMs });
const absent = { kind: 'absent', operation: 'open', resource: 'gpio', detail: 'there is no /sys/class/gpio' } as const;

type Row = readonly [
  what: string,
  planted: Partial<Facts>,
  code: string,
  severity: 'problem' | 'warning',
  cause: string,
  fix: string,
];

const rows: readonly Row[] = [
  [
    'no configuration',
    configuration({ trouble: 'missing', path: '/x.yaml' }),
    'CFG-01',
    'problem',
    '/x.yaml',
    '--config FILE',
  ],
  ['one that is not for us', configuration({ trouble: 'unreadable' }), 'CFG-01', 'problem', 'pi may not read', 'chmod'],
  [
    'a fault in it',
    configuration({
      trouble: 'invalid',
      faults: [{ file: 'c.yaml', line: 3, pointer: '/node', message: 'not a name' }],
    }),
    ...(['CFG-02', 'problem', 'c.yaml:3: /node: not a name', 'qn-agent check'] as const),
  ],
  ['another one in use', configuration({ hash: 'fedcba98' }), 'CFG-03', 'warning', 'abcdef01', 'qnctl reload'],
  [
    'a file that is not read',
    configuration({ warnings: [{ file: '/c/a.yml', pointer: '', message: 'not read' }] }),
    'CFG-04',
    'warning',
    '/c/a.yml',
    'mv /c/a.yml /c/a.yaml',
  ],
  [
    'a password that cannot be read',
    configuration({ secrets: [{ resource: '/p', detail: 'denied' }] }),
    'CFG-05',
    'problem',
    '/p',
    'ls -l /p',
  ],
  [
    'a clock that was never set',
    { clock: { ...soundFacts.clock, isPlausible: false } },
    'SYS-01',
    'problem',
    'never set',
    'set-ntp',
  ],
  [
    'a clock nobody sets',
    { clock: { ...soundFacts.clock, sync: 'unsynced' } },
    'SYS-01',
    'warning',
    'time server',
    'set-ntp',
  ],
  [
    'no RTC and no service',
    { clock: { ...soundFacts.clock, sync: 'unknown' } },
    'SYS-01',
    'warning',
    'real-time clock',
    'timesyncd',
  ],
  ['a full disk', disk({ freeBytes: 15 * 1_048_576 }), 'SYS-02', 'problem', '15.0 MiB are free', 'du -xh'],
  ['a disk without inodes', disk({ isOutOfInodes: true }), 'SYS-02', 'problem', 'no inode', 'du -xh'],
  ['a disk that says it is full', disk({ writeFault: 'ENOSPC' }), 'SYS-02', 'problem', 'full', 'du -xh'],
  [
    'a read-only mount',
    disk({ mount: { point: '/data', type: 'ext4', isReadOnly: true } }),
    'SYS-03',
    'problem',
    'read-only',
    'remount,rw /data',
  ],
  ['a folder that is not ours', disk({ writeFault: 'EACCES' }), 'SYS-03', 'problem', 'EACCES', 'chown'],
  [
    'too much written',
    health({ disk: { written_bytes: 600 * 1_048_576 } }),
    'SYS-04',
    'warning',
    '600 MiB a day',
    'counters',
  ],
  ['under-voltage now', { power: { throttled: 0x5_0005 } }, 'SYS-05', 'problem', 'right now', 'vcgencmd'],
  ['throttled now', { power: { throttled: 0x4 } }, 'SYS-05', 'problem', 'throttled right now', 'measure_temp'],
  [
    'under-voltage since the start',
    { power: { throttled: 0x1_0000 } },
    'SYS-05',
    'warning',
    'since the start',
    'vcgencmd',
  ],
  [
    'throttled since the start',
    { power: { throttled: 0x4_0000 } },
    'SYS-05',
    'warning',
    'since the start',
    'measure_temp',
  ],
  ['too hot', { power: { throttled: 0x8 } }, 'SYS-05', 'warning', 'hot', 'measure_temp'],
  ['an agent that is held up', health({ loop: { max_us: 1_500_000 } }), 'SYS-06', 'warning', '1500 ms', 'top'],
  [
    'a full pool',
    health({ pool: { small: { slots: 9, outbox: { refused: 3 } } } }),
    'SYS-07',
    'warning',
    'small outbox 3',
    'pool.profile',
  ],
  ['a restart loop', board({ startsCount: 6 }), 'SYS-08', 'problem', '6 times within 10 minutes', 'journalctl'],
  ['no chip', backend('auto', { chips: [] }), 'GPIO-01', 'problem', '/dev/gpiochip0', 'simulated'],
  [
    'no chip where one is asked for',
    backend('gpiochip', { chips: [], hasSysfs: true }),
    'GPIO-01',
    'problem',
    '/dev/gpiochip0',
    'modprobe',
  ],
  [
    'no sysfs',
    backend('sysfs', { trouble: absent }),
    'GPIO-02',
    'problem',
    '/sys/class/gpio',
    'gpio.backend: gpiochip',
  ],
  [
    'a chip that is not for us',
    gpio({ chips: [{ path: '/dev/gpiochip0', isOpenable: false }] }),
    'GPIO-03',
    'problem',
    'pi may not open /dev/gpiochip0',
    'usermod -aG gpio pi',
  ],
  [
    'a line of somebody else',
    line({ state: 'held', consumer: 'led-hat' }),
    'GPIO-04',
    'problem',
    'GPIO17 of gpio.relay1 is held by led-hat',
    'gpioinfo',
  ],
  [
    'a line of another process',
    line({ state: 'held', consumer: 'qn-agent', pid: 99 }),
    'GPIO-04',
    'problem',
    'process 99',
    'kill 99',
  ],
  [
    'a line that is not there',
    line({ state: 'absent', detail: 'no such name', fix: 'did you mean GPIO18' }),
    'GPIO-05',
    'problem',
    'no such name',
    'GPIO18',
  ],
  [
    'a port that is not for us',
    port({ isOpenable: false }),
    'SER-01',
    'problem',
    'pi may not open /dev/ttyUSB0',
    'usermod -aG dialout pi',
  ],
  ['a console', port({ isConsole: true }), 'SER-02', 'problem', 'console', 'raspi-config'],
  [
    'a name that moves',
    port({ port: '/dev/ttyUSB0', stableName: '/dev/serial/by-id/usb-A' }),
    'SER-03',
    'warning',
    '/dev/ttyUSB0 of serial.scale',
    'by-id/usb-A',
  ],
  ['a port in use', port({ holders: ['picocom (pid 99)'] }), 'SER-04', 'problem', 'picocom (pid 99)', 'kill 99'],
  [
    'a port that is not there',
    board({ serial: [{ document: 'a', port: '/dev/ttyX', isOpenable: false, holders: [], isConsole: false }] }),
    'SER-05',
    'problem',
    '/dev/ttyX',
    'ls -l',
  ],
  [
    'a name that does not resolve',
    broker({ nameFault: 'ENOTFOUND' }),
    'MQTT-01',
    'problem',
    'b.example',
    'getent hosts b.example',
  ],
  [
    'nobody there',
    failing({ kind: 'refused', detail: 'ECONNREFUSED' }),
    'MQTT-02',
    'problem',
    'ECONNREFUSED',
    'nc -vz b.example 8883',
  ],
  ['no answer', failing({ kind: 'timeout', detail: 'no CONNACK' }), 'MQTT-02', 'problem', 'no CONNACK', 'nc'],
  [
    'a certificate of tomorrow, and a clock that is not set',
    {
      ...failing(
        { kind: 'tls', code: 'certificate-not-yet-valid', detail: '' },
        { certificates: [{ whose: 'of the broker', validFromMs: nowMs + dayMs, validToMs: nowMs + 99 * dayMs }] },
      ),
      clock: { ...soundFacts.clock, sync: 'unknown', hasRtc: true },
    },
    ...([
      'MQTT-03',
      'problem',
      'from 2026-11-02 on: this board has 2026-11-01 and its clock is not set',
      'set-ntp',
    ] as const),
  ],
  [
    'the same, and a clock that is right',
    failing({ kind: 'tls', code: 'certificate-not-yet-valid', detail: '' }),
    'MQTT-03',
    'problem',
    'not valid yet',
    'openssl',
  ],
  [
    'a certificate that has expired',
    broker({ certificates: [until(nowMs - dayMs)] }),
    'MQTT-04',
    'problem',
    'has expired on 2026-10-31',
    'openssl s_client -connect b.example:8883',
  ],
  [
    'one whose dates could not be seen',
    failing({ kind: 'tls', code: 'certificate-expired', detail: 'CERT_HAS_EXPIRED' }, { certificates: [] }),
    'MQTT-04',
    'problem',
    'has expired',
    'openssl',
  ],
  [
    'one at its end',
    broker({ certificates: [until(nowMs + 21 * dayMs, '/etc/c.pem')] }),
    'MQTT-04',
    'warning',
    '/etc/c.pem expires in 21 days',
    'openssl x509 -noout -enddate -in /etc/c.pem',
  ],
  [
    'a wrong password',
    failing({ kind: 'auth', code: 'bad-credentials', detail: 'refused' }),
    'MQTT-05',
    'problem',
    'as pi-1: wrong user, password',
    '/etc/qn-agent/password',
  ],
  [
    'a client id that is refused',
    failing({ kind: 'protocol', code: 'client-id-refused', detail: 'refused' }),
    'MQTT-05',
    'problem',
    'client id',
    'password',
  ],
  [
    'a topic that is closed',
    broker({ denied: [{ what: 'publish', topic: 'qn/1/pi-1/event/doctor', detail: '0x87' }] }),
    'MQTT-06',
    'problem',
    'does not let this node publish qn/1/pi-1/event/doctor',
    'topic readwrite qn/1/pi-1/#',
  ],
  [
    'a twin',
    health({
      link: { brokers: [{ url: 'mqtt://b', last_error: { code: 'client-id-twice', detail: 'again and again' } }] },
    }),
    'MQTT-07',
    'problem',
    'client id pi-1 is used twice',
    'mqtt.client-id',
  ],
  [
    'a broker with known bugs',
    broker({ version: 'mosquitto version 2.0.11' }),
    'MQTT-08',
    'warning',
    'mosquitto version 2.0.11',
    'apt-get install --only-upgrade mosquitto',
  ],
  ['a broker that forgets', health({ retained_lost: 2 }), 'MQTT-09', 'warning', '2 times', 'persistence true'],
  [
    'an authority nobody knows',
    failing({ kind: 'tls', code: 'certificate-untrusted', detail: 'self-signed', fix: 'write `ca`' }),
    'MQTT-10',
    'problem',
    'self-signed',
    'write `ca`',
  ],
  [
    'something that is no broker',
    failing({ kind: 'protocol', detail: 'no MQTT' }),
    'MQTT-10',
    'problem',
    'no MQTT',
    'openssl',
  ],
  [
    'a silent microcontroller',
    health({ drivers: { 'firmware.mcu0': { driver: 'mcu', state: 'failed', error: 'silent' } } }),
    'FW-01',
    'problem',
    'firmware.mcu0 does not answer: silent',
    'qnctl query',
  ],
  [
    'changed code',
    { code: { fault: 'qn-agent.cjs is not the one that was built' } },
    'FW-02',
    'problem',
    'qn-agent.cjs',
    'reinstall',
  ],
];

describe('the table of the doctor', () => {
  it('finds nothing on a sound board', () => {
    const { status, findings, checks: judged } = diagnose(checks, soundFacts);
    expect([status, findings]).toEqual(['ok', []]);
    expect(judged.filter((row) => row.status !== 'ok')).toEqual([]);
  });

  it.each(rows)('%s', (_, planted, code, severity, cause, fix) => {
    const { findings, status } = diagnose(checks, { ...soundFacts, ...planted });
    expect(findings).toMatchObject([
      { code, severity, cause: expect.stringContaining(cause), fix: expect.stringContaining(fix) },
    ]);
    expect(status).toBe(severity);
  });

  it('has a planted fault for every code, and every code once', () => {
    const codes = checks.map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes.filter((code) => !rows.some((row) => row[2] === code))).toEqual([]);
    for (const code of codes) expect(code).toMatch(/^(CFG|SYS|GPIO|SER|MQTT|FW)-\d\d$/);
  });

  it.each([
    [
      'a chip less, but no document with a line',
      {
        ...board({
          config: { ...soundBoard.config, documents: {}, gpio: { backend: 'auto' } },
          gpio: { chips: [], hasSysfs: false, lines: new Map() },
        }),
      },
    ],
    ['a line that its own agent holds', line({ state: 'held', consumer: 'qn-agent', pid: soundAgent.pid })],
    ['a certificate for 22 days', broker({ certificates: [until(nowMs + 22 * dayMs)] })],
    ['five starts in ten minutes', board({ startsCount: 5 })],
    ['as much room as is needed', disk({ freeBytes: 16 * 1_048_576 })],
    ['a second of being held up', health({ loop: { max_us: 1_000_000 } })],
    ['mosquitto 2.0.19', broker({ version: 'mosquitto version 2.0.19' })],
    ['another broker', broker({ version: 'EMQX 5' })],
  ])('%s is no trouble', (_, planted) => {
    expect(diagnose(checks, { ...soundFacts, ...planted }).findings).toEqual([]);
  });

  it('says what could not be looked at, and leaves out what is ignored', () => {
    const { agent: _, ...without } = soundFacts;
    const { checks: judged } = diagnose(checks, without, new Set(['CFG-03']));
    const unknown = judged.filter(({ status }) => status === 'unknown').map(({ code }) => code);
    expect(unknown).toEqual(['SYS-04', 'SYS-06', 'SYS-07', 'MQTT-07', 'MQTT-09', 'FW-01']);
    expect(judged.some(({ code }) => code === 'CFG-03')).toBe(false);
  });

  it('puts what does not work first', () => {
    const planted = { ...soundFacts, ...configuration({ hash: 'x' }), ...board({ startsCount: 9 }) };
    expect(diagnose(checks, planted).findings.map(({ code }) => code)).toEqual(['SYS-08', 'CFG-03']);
  });
});
