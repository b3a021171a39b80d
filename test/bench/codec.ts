import type { Notify } from '../../agent/qn/message.ts';
import { decodeMessage, encodeMessage } from '../../agent/qn/registry.ts';
import type { Bench } from './benches.ts';
import { createDistribution, type Distribution } from './distribution.ts';
import { type Figure, figure } from './figure.ts';

/** One fact: this output on, who says so, when, and under which id it is to be acknowledged. */
const message: Notify = {
  ...{ t: 'notify', id: 1_234_567n, src: 'pi-1', doc: 'gpio.relay1' },
  ...{ ts: Date.UTC(2026, 10, 26), clk: 'synced', pri: 0, val: true },
  compact: { channel: 1, ackWanted: true, valueType: 'bool' },
};

const encodings = ['compact', 'cbor', 'json'] as const;
const batchCount = 2_000;

interface Times {
  readonly bytes: number;
  readonly encode: Distribution;
  readonly decode: Distribution;
}

/** Bytes of one command in each encoding, and how long it takes, in batches that take turns. `codec=100`: so many of each. */
export const benchCodec: Bench = async ({ operand = '100' }) => {
  const times = new Map(encodings.map((encoding) => [encoding, timesOf(encoding)]));
  for (let round = 0; round < Number(operand) * 2; round += 1) {
    const isWarm = round >= Number(operand);
    for (const [encoding, { encode, decode }] of times) {
      const bytes = encodedAs(encoding);
      const encodeMs = timeBatch(() => encodedAs(encoding).length);
      const decodeMs = timeBatch(() => (decodeMessage(bytes, { nowMs: message.ts ?? 0 }).ok ? 1 : 0));
      if (isWarm) encode.addMs(encodeMs / batchCount);
      if (isWarm) decode.addMs(decodeMs / batchCount);
    }
  }
  const json = times.get('json');
  return encodings.flatMap((encoding) => figuresOf(encoding, times.get(encoding), json));
};

function timesOf(encoding: (typeof encodings)[number]): Times {
  return { bytes: encodedAs(encoding).length, encode: createDistribution(), decode: createDistribution() };
}

function encodedAs(encoding: (typeof encodings)[number]): Uint8Array {
  const encoded = encodeMessage(message, encoding);
  if (!encoded.ok) throw new Error(encoded.error.detail);
  return encoded.value.bytes;
}

/** The sum is used, so that nothing is left out as useless. */
function timeBatch(once: () => number): number {
  const sinceMs = performance.now();
  let sum = 0;
  for (let times = 0; times < batchCount; times += 1) sum += once();
  if (sum < batchCount) throw new Error('a message was not understood');
  return performance.now() - sinceMs;
}

const targets = { compact: { atMost: 17 }, cbor: {}, json: { atLeast: 100 } } as const;

function figuresOf(encoding: keyof typeof targets, measured?: Times, json?: Times): readonly Figure[] {
  if (measured === undefined || json === undefined) return [];
  const ns = (distribution: Distribution) => distribution.percentileMs(50) * 1e6;
  return [
    figure(`${encoding}, one command`, measured.bytes, 'bytes', { floor: json.bytes, ...targets[encoding] }),
    figure(`${encoding}, encode`, ns(measured.encode), 'ns', { floor: ns(json.encode) }),
    figure(`${encoding}, decode`, ns(measured.decode), 'ns', { floor: ns(json.decode) }),
  ];
}
