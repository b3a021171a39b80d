import { systemClock } from '../../../agent/clock.ts';
import { type CompactFields, decodeCompact, encodeCompact } from '../../../agent/qn/compact.ts';
import { serialSettings8N1 } from '../../../drivers/contract/byte-port.ts';
import { openSerialPort } from '../../../drivers/serial-port.ts';
import type { SafeReason } from '../../../firmware-bridge/link/bodies.ts';
import { type McuBridge, openBridge } from '../../../firmware-bridge/link/bridge.ts';
import { until } from '../../support/until.ts';
import { valueOf } from '../../support/value-of.ts';

/** A bridge on the real serial driver, and what the firmware said through it. */
export async function openRig(path: string) {
  const port = valueOf(await openSerialPort(path, { ...serialSettings8N1, baud: 115_200 }));
  let count = 0;
  const rig = {
    state: new Map<number, CompactFields['value']>(),
    acks: [] as CompactFields[],
    downs: [] as string[],
    safe: [] as SafeReason[],
    ups: 0,
    stoppedMs: 0,
    bridge: undefined as unknown as McuBridge,
    up: () => until(() => rig.bridge.state === 'up', 'up'),
    command(channel: number, value: boolean, changes: Partial<CompactFields> = {}) {
      const stamps = { id: (count += 1), ts: 0, pri: 0, clk: 0, ack: true } as const;
      const encoded = encodeCompact({ kind: 'notify', vtype: 'bool', value, channel, ...stamps, ...changes });
      if (!encoded.ok) throw new Error(encoded.error.detail);
      return rig.bridge.send(encoded.value);
    },
    async close() {
      await rig.bridge[Symbol.asyncDispose]();
      await port[Symbol.asyncDispose]();
    },
  };
  rig.bridge = openBridge(
    port,
    systemClock,
    { random: Math.random },
    {
      onUp: () => (rig.ups += 1),
      onDown: ({ detail }) => rig.downs.push(detail),
      onSafe: (reason) => rig.safe.push(reason),
      onData(body) {
        const message = decodeCompact(body);
        if (!message.ok) throw new Error(message.error.detail);
        if (message.value.kind === 'ack') rig.acks.push(message.value);
        else rig.state.set(message.value.channel, message.value.value);
        if (message.value.channel === 8 && message.value.value === true) rig.stoppedMs = performance.now();
      },
    },
  );
  return rig;
}
