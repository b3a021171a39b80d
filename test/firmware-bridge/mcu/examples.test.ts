import { execFileSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { arduinoMissing, buildSketch } from '../../support/arduino.ts';
import { openWorkshop, strict } from '../../support/c-compiler.ts';
import { buildUnoRunner, startUno } from '../../support/uno.ts';
import { until } from '../../support/until.ts';
import { openRig } from './avr-rig.ts';

const workshop = openWorkshop();
afterAll(() => workshop[Symbol.dispose]());
const title = (what: string, missing: string | undefined) => (missing === undefined ? what : `${what} (${missing})`);

describe.skipIf(arduinoMissing !== undefined)(title('the example for Arduino', arduinoMissing), () => {
  it('is commanded and tells its output, over the serial port of the Arduino core, and goes safe by itself', {
    timeout: 120_000,
  }, async () => {
    const sketch = buildSketch(workshop);
    await using uno = await startUno(buildUnoRunner(workshop), sketch);
    const rig = await openRig(uno.path);
    await rig.up();
    expect(rig.bridge.channels).toMatchObject([{ number: 1, name: 'out1', role: 'output', safe: false }]);
    for (const isOn of [true, false, true]) {
      const acksCount = rig.acks.length;
      expect(await rig.command(1, isOn)).toEqual({ ok: true });
      await uno.reaches('D4', isOn ? '1' : '0');
      await until(() => rig.state.get(1) === isOn && rig.acks.length > acksCount, 'value and ack');
    }
    await rig.command(2, true);
    await until(() => rig.acks.at(-1)?.value === ((4 << 16) | 3), 'no such channel');
    rig.bridge.restart();
    await uno.reaches('D4', '0');
    await until(() => rig.ups === 2, 'up again');
    await rig.command(1, true);
    await uno.reaches('D4', '1');
    await rig.close();
    await uno.reaches('D4', '0'); // The watchdog of the link.
  });

  it('keeps its link while each turn of its loop waits 40 ms for something else', { timeout: 120_000 }, async () => {
    await using uno = await startUno(buildUnoRunner(workshop), buildSketch(workshop, 40));
    const rig = await openRig(uno.path);
    await rig.up();
    for (let count = 0; count < 10; count += 1) {
      const acksCount = rig.acks.length;
      expect(await rig.command(1, count % 2 === 0)).toEqual({ ok: true });
      await until(() => rig.acks.length > acksCount, 'an ack');
    }
    await rig.close();
  });
});

/** A checkout of FreeRTOS-Kernel; no package has it. */
const kernel = process.env['TEST_FREERTOS'];
const kernelMissing = kernel === undefined ? 'set TEST_FREERTOS to a checkout of FreeRTOS-Kernel' : undefined;

describe.skipIf(kernel === undefined)(title('the example for FreeRTOS', kernelMissing), () => {
  it('compiles with every warning an error', () => {
    const places = ['include', 'portable/ThirdParty/GCC/Posix', 'examples/template_configuration'];
    const headers = places.flatMap((folder) => ['-isystem', `${kernel}/${folder}`]);
    const source = 'firmware-bridge/mcu/examples/freertos/one_output_task.c';
    execFileSync('gcc', [...strict, ...headers, '-fsyntax-only', source]);
  });
});
