import type { BytePort } from '../../../drivers/contract/byte-port.ts';
import type { Channel } from '../../../firmware-bridge/link/bodies.ts';
import { type McuWeather, openSimulatedMcu, type SimulatedMcu } from '../../../firmware-bridge/simulated-mcu.ts';
import type { Clock } from '../../clock.ts';
import { type CompactFields, decodeCompact, encodeCompact } from '../../qn/compact.ts';
import { type Reason, reasonNumber, statuses } from '../../qn/reason.ts';

/** As firmware-bridge/mcu/atmega328p has them. */
export const simulatedChannels: readonly Channel[] = [
  ...[1, 2, 3, 4].map((number) => {
    return { number, role: 'output', valueType: 'bool', name: `out${number}`, safe: false } as const;
  }),
  { number: 5, role: 'input', valueType: 'bool', name: 'in1' },
  { number: 6, role: 'input', valueType: 'bool', name: 'in2' },
  { number: 7, role: 'input', valueType: 'milli', name: 'volts' },
  { number: 8, role: 'input', valueType: 'bool', name: 'emergency-stop' },
];

const stopChannel = 8;

export interface SimulatedFirmwareOptions {
  /** 0–1. */
  readonly random: () => number;
  readonly channels?: readonly Channel[];
  readonly weather?: McuWeather;
  /** Another major number is refused by the agent. */
  readonly abi?: number;
  readonly firmwareVersion?: string;
  /** The wire of an output changed. It must not throw. */
  onWire?(channel: Channel, value: boolean | number): void;
}

/** A board with the reference firmware, in memory: outputs are commanded, inputs are set by whoever plays the machine. */
export interface SimulatedFirmware extends AsyncDisposable {
  readonly mcu: SimulatedMcu;
  /** What the pin is, by channel number. */
  wire(number: number): boolean | number;
  setInput(number: number, value: boolean | number): void;
  /** The emergency stop: acts first and reports then; holds until it is released. */
  stop(isPressed: boolean): void;
}

export function runSimulatedFirmware(
  port: BytePort,
  clock: Clock,
  options: SimulatedFirmwareOptions,
): SimulatedFirmware {
  const { channels = simulatedChannels, onWire = () => {}, random, ...rest } = options;
  const wires = new Map<number, boolean | number>(channels.map((channel) => [channel.number, restOf(channel)]));
  const drive = (channel: Channel, value: boolean | number) => {
    if (wires.get(channel.number) === value) return;
    wires.set(channel.number, value);
    onWire(channel, value);
  };
  let lastId = 0;
  const say = (fields: Pick<CompactFields, 'kind' | 'vtype' | 'value' | 'channel'> & { readonly id?: number }) => {
    lastId += 1;
    const stamp = { id: lastId, ts: Math.trunc(clock.monotonicMs()) >>> 0, pri: 0, ack: false, clk: 2 } as const;
    const encoded = encodeCompact({ ...stamp, ...fields });
    if (encoded.ok) mcu.send(encoded.value);
  };
  const tell = ({ number, valueType }: Channel) => {
    const value = valueType === 'none' ? null : (wires.get(number) ?? null);
    say({ kind: 'snapshot', vtype: valueType, value, channel: number });
  };
  const command = (channel: Channel | undefined, { vtype, value }: CompactFields): Reason | undefined => {
    if (channel === undefined) return 'unknown-document';
    if (channel.role === 'input') return 'unsupported';
    if (vtype !== channel.valueType) return 'out-of-range';
    if (value !== restOf(channel) && mcu.safe !== 'none') return 'interlocked';
    if (value !== null) drive(channel, value);
    return undefined;
  };
  const onData = (body: Uint8Array) => {
    const decoded = decodeCompact(body);
    if (!decoded.ok) return;
    const { kind, channel: number, id } = decoded.value;
    const channel = channels.find((candidate) => candidate.number === number);
    const reason = kind === 'notify' ? command(channel, decoded.value) : undefined;
    if (kind === 'notify') {
      const status = statuses.indexOf(reason === undefined ? 'successful' : 'rejected');
      const value = status * 65_536 + (reason === undefined ? 0 : reasonNumber(reason));
      say({ kind: 'ack', vtype: 'u32', value, channel: number, id });
    }
    if (channel !== undefined && reason === undefined) tell(channel);
  };
  const mcu = openSimulatedMcu(
    port,
    clock,
    { ...rest, channels, random },
    {
      onData,
      onUp() {
        for (const channel of channels) tell(channel);
      },
      onSafe(reason) {
        if (reason === 'none') return;
        const outputs = channels.filter(({ role }) => role === 'output');
        for (const channel of outputs) drive(channel, restOf(channel));
        for (const channel of outputs) tell(channel);
      },
    },
  );
  const setInput = (number: number, value: boolean | number) => {
    wires.set(number, value);
    const channel = channels.find((candidate) => candidate.number === number);
    if (channel !== undefined) tell(channel);
  };
  return {
    mcu,
    wire: (number) => wires.get(number) ?? false,
    setInput,
    stop(isPressed) {
      if (isPressed) mcu.goSafe();
      setInput(stopChannel, isPressed);
      if (!isPressed) mcu.liftSafe();
    },
    [Symbol.asyncDispose]: () => mcu[Symbol.asyncDispose](),
  };
}

function restOf({ safe, valueType }: Channel): boolean | number {
  return safe ?? (valueType === 'bool' ? false : 0);
}
