import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { connectAsync } from 'mqtt';
import { expect, it, vi } from 'vitest';
import { systemClock } from '../../agent/clock.ts';
import type { Diagnosis, Finding } from '../../agent/doctor/check.ts';
import { runSimulatedFirmware } from '../../agent/documents/mcu/simulated-firmware.ts';
import { diskBytesPerDayMax } from '../../agent/limits.ts';
import { openSerialPort } from '../../drivers/serial-port.ts';
import { runProgram, startAgentProcess } from '../support/agent-process.ts';
import { statusOf } from '../support/heard.ts';
import { describeWithMosquitto } from '../support/mosquitto.ts';
import { openPtyPair, ptyMissing } from '../support/pty.ts';
import { openRig, type Rig, startRig } from '../support/rig.ts';
import { seededRandom } from '../support/seeded-random.ts';

/* Trouble with what is outside of the agent, made for real, as the shipped doctor tells it beside the running agent. */

const relay = { documents: ['gpio.relay1: { driver: gpio-out, line: GPIO17 }'], lines: ['GPIO17'] } as const;

async function find({ configFile }: Pick<Rig, 'configFile'>, code: string): Promise<Finding | undefined> {
  const { out } = await runProgram('qn-agent', ['doctor', '--json', '--config', configFile]);
  return (JSON.parse(out) as Diagnosis).findings.find((finding) => finding.code === code);
}

/** Asks until it is told; an agent needs a moment to notice. */
async function findSoon(rig: Rig, code: string): Promise<Finding | undefined> {
  const untilMs = performance.now() + 60_000;
  for (;;) {
    const found = await find(rig, code);
    if (found !== undefined || performance.now() > untilMs) return found;
  }
}

describeWithMosquitto('the doctor beside a running agent', () => {
  vi.setConfig({ testTimeout: 120_000 });

  it('MQTT-07: another client with the id of this node throws it out, again and again', async () => {
    await using rig = await startRig(relay);
    expect(await find(rig, 'MQTT-07')).toBeUndefined();
    // As a second board that was made from the same card image: it comes back each time, as the agent does.
    const twin = await connectAsync(rig.broker.url, { clientId: 'pi-1', reconnectPeriod: 200 });
    twin.on('error', () => {}); // It is thrown out, too.
    try {
      const told = await findSoon(rig, 'MQTT-07');
      expect(told).toMatchObject({
        severity: 'problem',
        cause: expect.stringContaining('client id pi-1 is used twice'),
      });
      expect(told?.fix).toBe('set mqtt.client-id: pi-1-2 in the config');
    } finally {
      await twin.endAsync(true);
    }
  });

  it('SYS-04: the agent writes more than a storage card takes', async () => {
    await using rig = await openRig(relay);
    const writer = path.join(rig.folder, 'writer.mjs');
    const bytes = Math.ceil(diskBytesPerDayMax / 24) + 4 * 1_048_576; // In its first hour.
    const target = JSON.stringify(path.join(rig.folder, 'written'));
    writeFileSync(
      writer,
      `import { writeFileSync } from 'node:fs'; writeFileSync(${target}, new Uint8Array(${bytes}));\n`,
    );
    const agent = startAgentProcess(rig.configFile, { nodeArguments: ['--import', writer] });
    try {
      await rig.hear({ verb: 'health', test: (heard) => statusOf(heard) === 'online' }, 20_000);
      const told = await findSoon(rig, 'SYS-04');
      expect(told).toMatchObject({
        severity: 'warning',
        cause: expect.stringMatching(/writes \d+ MiB a day, more than/),
      });
    } finally {
      await agent.end('SIGKILL');
    }
  });

  it.skipIf(ptyMissing !== undefined)(
    `FW-01: a microcontroller that speaks another version of the link (${ptyMissing ?? 'a pty'})`,
    async () => {
      await using pair = await openPtyPair();
      const port = await openSerialPort(pair.right, { baud: 115_200, dataBits: 8, parity: 'none', stopBits: 1 });
      if (!port.ok) throw new Error(port.error.detail);
      await using _firmware = runSimulatedFirmware(port.value, systemClock, { random: seededRandom(1), abi: 0x0900 });
      const documents = [`firmware.mcu0: { driver: mcu, port: ${pair.left} }`];
      await using rig = await startRig({ documents });
      const told = await findSoon(rig, 'FW-01');
      expect(told).toMatchObject({ severity: 'problem', cause: expect.stringContaining('firmware.mcu0') });
      expect(told?.cause).toMatch(/abi|version/i);
    },
  );

  it.skipIf(ptyMissing !== undefined)(`SER-06: a Modbus unit that is silent (${ptyMissing ?? 'a pty'})`, async () => {
    await using pair = await openPtyPair();
    const register = (name: string, number: number) =>
      `${name}: { driver: modbus-register, bus: serial.bus, unit: 3, register: ${number}, type: u16 }`;
    const documents = [
      `serial.bus: { driver: modbus-rtu, port: ${pair.left}, timeout: 100ms }`,
      ...[register('meter.power', 1), register('meter.energy', 2)],
    ];
    await using rig = await startRig({ documents });
    const told = await findSoon(rig, 'SER-06');
    expect(told).toMatchObject({
      severity: 'problem',
      cause: expect.stringMatching(/^meter\.\w+ does not work: .*unit 3.*check power/),
      fix: 'qnctl selftest pi-1',
    });
  });
});
