import { channelValueTypes } from '../../../firmware-bridge/link/bodies.ts';
import { type CompactRow, compactRows } from '../../agent/qn/vectors.ts';
import { frameRows, streamRows } from '../link/vectors.ts';

/** The rows of test/cases/vectors as C, for host/vectors.c. */
export function vectorsHeader(): string {
  return [
    table(
      'frame_row',
      'frame_rows',
      frameRows.map(({ type, seq, body, wire }) => {
        return `{ ${type}, ${seq}, ${body.length / 2}, ${bytes(body)}, ${wire.length / 2}, ${bytes(wire)} }`;
      }),
    ),
    table(
      'compact_row',
      'compact_rows',
      compactRows.map((row) => {
        return `{ "${row.name}", ${fields(row)}, ${bytes(row.bytes)} }`;
      }),
    ),
    table(
      'refusal_row',
      'refusal_rows',
      refusals.map(([name, reason, hex]) => {
        return `{ "${name}", ${reason}, ${hex.length / 2}, ${bytes(hex)} }`;
      }),
    ),
  ].join('\n');
}

/** The streams, and the frames in them, for host/streams.c. */
export function streamsHeader(): string {
  const frames = streamRows.map((row, at) =>
    table(
      'stream_frame',
      `frames_${at}`,
      row.frames.map(({ type, seq, body }) => `{ ${type}, ${seq}, ${body.length / 2}, ${bytes(body)} }`),
    ),
  );
  const rows = streamRows.map((row, at) => {
    return `{ ${row.frames.length}, frames_${at}, ${row.wire.length / 2}, ${bytes(row.wire)} }`;
  });
  return [...frames, table('stream_row', 'stream_rows', rows)].join('\n');
}

/** As in test/agent/qn/compact.test.ts: what is refused, with the number of the reason (QN-4.5). */
const refusals: readonly (readonly [string, number, string])[] = [
  ['unknown kind', 4, '51f1000007000000090000000100000001'],
  ['kind 0', 4, '5101000007000000090000000100000001'],
  ['reserved flags', 1, '5141200007000000090000000100000001'],
  ['clock 3', 1, '5141180007000000090000000100000001'],
  ['bool 2', 1, '5141000007000000090000000100000002'],
  ['none with a value', 1, '5140000007000000090000000100000001'],
  ['value type 6', 1, '5146000007000000090000000100000001'],
  ['infinity', 1, '514400000700000009000000017f800000'],
  ['not a number', 1, '514400000700000009000000017fc00001'],
  ['16 bytes', 1, '51410000070000000900000001000000'],
  ['18 bytes', 1, '514100000700000009000000010000000100'],
  ['another first byte', 1, '5041000007000000090000000100000001'],
];

function table(type: string, name: string, rows: readonly string[]): string {
  return `static const ${type} ${name}[] = {\n  ${rows.join(',\n  ')}\n};\n`;
}

function bytes(hex: string): string {
  return `(const uint8_t *)"${hex.replaceAll(/../g, '\\x$&')}"`;
}

const kindNames = ['query', 'snapshot', 'delta', 'notify', 'ack', 'event', 'health'];

function fields({ fields: { kind, vtype, value, channel, id, ts, pri, ack, clk } }: CompactRow): string {
  const valueType = channelValueTypes.findIndex((name) => name === vtype);
  const head = `${kindNames.indexOf(kind) + 1}, ${valueType}, ${pri}, ${Number(ack)}, ${clk}`;
  return `{ ${head}, ${channel}, ${id}u, ${ts}u, ${valueBits(vtype, Number(value))}u }`;
}

/** The four bytes of a value as one number, as `qn_compact.value` has it. */
function valueBits(vtype: string, value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  if (vtype === 'f32') view.setFloat32(0, value);
  else view.setInt32(0, vtype === 'milli' ? Math.round(value * 1000) : value);
  return view.getUint32(0);
}
