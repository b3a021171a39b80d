import { beforeAll, expect, test } from 'vitest';
import { needBundle } from '../support/agent-process.ts';
import { slaveMissing, startModbusSlave } from '../support/modbus-slave.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { openRig } from '../support/rig.ts';

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
