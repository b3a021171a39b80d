import { beforeAll, expect, test } from 'vitest';
import { needBundle, startAgentProcess } from '../support/agent-process.ts';
import { slaveMissing, startModbusSlave } from '../support/modbus-slave.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { openRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const missing = ptyMissing ?? slaveMissing;
const name = missing === undefined ? '' : ` (${missing})`;
const silentUnits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const register = (document: string, unit: number) =>
  `${document}: { driver: modbus-register, bus: bus, unit: ${unit}, register: 3, type: u16 }`;

beforeAll(needBundle);

test.skipIf(missing !== undefined)(
  `units that do not answer hold up no start, nor others for good${name}`,
  { timeout: 120_000 },
  async () => {
    await using pair = await openPtyPair();
    await using _slave = await startModbusSlave(pair.right, [20]);
    await using rig = await openRig({
      documents: [
        `bus: { driver: modbus-rtu, port: ${pair.left}, timeout: 1s }`,
        ...silentUnits.map((unit) => register(`silent${unit}`, unit)),
        register('good', 20),
      ],
    });
    const birth = await rig.start();
    expect(JSON.stringify(birth.message.val)).toContain('bus unit 20: it was not asked yet');
    await rig.hear({ verb: 'state', document: 'good', test: ({ message }) => message.val === 320 }, 60_000);
    const isWell = (text: string) => /"id":"driver.good"[^}]*"status":"pass"/.test(text);
    await rig.hear(
      { verb: 'state', document: 'selftest', test: ({ message }) => isWell(JSON.stringify(message.val)) },
      60_000,
    );
  },
);

test.skipIf(ptyMissing !== undefined)(
  `SIGTERM in the middle of a start is obeyed then, and not when silent units were all waited for${name}`,
  { timeout: 30_000 },
  async () => {
    await using pairs = new AsyncDisposableStack();
    const ports: string[] = [];
    for (let count = 0; count < 5; count += 1) ports.push(pairs.use(await openPtyPair()).left);
    await using rig = await openRig({
      documents: [
        'relay1: { driver: gpio-out, line: GPIO17, safe: { boot: on, exit: off } }',
        ...ports.map((port, at) => `bus${at}: { driver: modbus-rtu, port: ${port}, timeout: 10s }`), // One after the other.
        ...ports.map((_, at) => register(`silent${at}`, 1).replace('bus: bus', `bus: bus${at}`)),
      ],
      lines: ['GPIO17'],
    });
    await using agent = startAgentProcess(rig.configFile);
    await until(() => rig.wire('GPIO17') === '1', 'the relay on', 15_000);
    expect(await agent.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(rig.wire('GPIO17')).toBe('0');
  },
);
