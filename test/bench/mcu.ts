import { encodeCompact } from '../../agent/qn/compact.ts';
import { serialSettings8N1 } from '../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../drivers/serial-port.ts';
import { encodeFrame, linkType } from '../../firmware-bridge/link/frame.ts';
import { avrDocument as mcu, startAvrAgent } from '../support/avr-agent.ts';
import { openWorkshop } from '../support/c-compiler.ts';
import { startUno } from '../support/uno.ts';
import { until } from '../support/until.ts';
import { valueOf } from '../support/value-of.ts';
import type { Bench } from './benches.ts';
import { createDistribution, distributionFigures } from './distribution.ts';

const warmUpCount = 50;
/** Between two samples, so that each finds everybody idle. */
const pauseMs = 20;

/**
 * Command to pin of an AVR in real time on a simulator: from the moment a client publishes a command until its pin has
 * changed, 115 200 baud. The floor is a bare echo of as many bytes through a pty of the same kind, each sample taken just
 * before one of a command: this computer is busy for both alike. `mcu=500`: so many commands.
 */
export const benchMcu: Bench = async ({ operand = '500', tell }) => {
  tell('mcu: the whole agent, a broker, and the reference firmware on simavr');
  await using avr = await startAvrAgent('', { mqtt: ['acks: final'], brokerConfig: ['set_tcp_nodelay true'] });
  await using echo = await openEcho(avr.runner);
  const measured = createDistribution();
  const floor = createDistribution();
  const { rig, uno } = avr;
  for (let index = 0; index < warmUpCount + Number(operand); index += 1) {
    const echoedMs = await echo.once();
    const seenCount = uno.changes.length;
    const publishedMs = performance.now();
    const said = rig.say(`notify/${mcu}.out1`, index % 2 === 0 ? 'ON' : 'OFF');
    await until(() => uno.changes.slice(seenCount).some(({ pin }) => pin.startsWith('D4 ')), 'the pin');
    const changedMs = uno.changes.findLast(({ pin }) => pin.startsWith('D4 '))?.atMs ?? Number.NaN;
    await said;
    await rig.hear({ verb: 'ack', document: `${mcu}.out1` });
    if (index >= warmUpCount) {
      floor.addMs(echoedMs);
      measured.addMs(changedMs - publishedMs);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return distributionFigures('command to AVR pin', measured, { floor, judged: { p99: { atMostTimesFloor: 3 } } });
};

/** A second Uno that does nothing but send back. */
async function openEcho(runner: string) {
  const stack = new AsyncDisposableStack();
  const workshop = stack.use(openWorkshop());
  const flags = ['-std=gnu99', '-Wall', '-Wextra', '-Werror', '-mmcu=atmega328p', '-DF_CPU=16000000UL', '-Os'];
  const firmware = workshop.build('avr-gcc', 'echo.elf', [...flags, 'test/firmware-bridge/mcu/simavr/echo.c']);
  const uno = stack.use(await startUno(runner, firmware));
  const port = stack.use(valueOf(await openSerialPort(uno.path, { ...serialSettings8N1, baud: 115_200 })));
  const frame = commandFrame();
  let missingCount = 0;
  let echoedMs = 0;
  port.onData((chunk) => {
    missingCount -= chunk.byteLength;
    echoedMs = performance.now();
  });
  return {
    /** Milliseconds until the last byte of a frame as long as a command came back. */
    async once(): Promise<number> {
      missingCount = frame.byteLength;
      const sentMs = performance.now();
      valueOf(await port.write(frame, 1_000));
      await until(() => missingCount <= 0, 'the echo');
      return echoedMs - sentMs;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function commandFrame(): Uint8Array {
  const stamps = { id: 1, ts: 2, pri: 0, ack: true, clk: 1 } as const;
  const body = encodeCompact({ kind: 'notify', vtype: 'bool', value: true, channel: 1, ...stamps });
  if (!body.ok) throw new Error(body.error.detail);
  return encodeFrame({ type: linkType.data, seq: 1, body: body.value });
}
