import { describe, expect, it } from 'vitest';
import { frameRows, streamRows } from '../firmware-bridge/link/vectors.ts';
import { runProgram } from '../support/agent-process.ts';

function link(args: readonly string[], stdin: string | Uint8Array) {
  return runProgram('qnctl', ['link', ...args], { stdin });
}

function rowsOf(out: string): readonly unknown[] {
  return out
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

const plain = frameRows.map(({ type, seq, body }) => ({ type, seq, body }));
const asLines = plain.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('qnctl link', () => {
  it('decodes every frame vector, from hexadecimal and from bytes, as one stream', async () => {
    const wires = frameRows.map(({ wire }) => wire);
    for (const [args, stdin] of [
      [['decode', '--hex'], `${wires.join('\n')}\n`],
      [['decode'], Buffer.from(wires.join(''), 'hex')],
    ] as const) {
      const { code, out, err } = await link(args, stdin);
      expect([code, err]).toEqual([0, '']);
      expect(rowsOf(out)).toEqual(plain);
    }
  });

  it('encodes every frame vector, to hexadecimal and to bytes', async () => {
    const { code, out } = await link(['encode', '--hex'], asLines);
    expect([code, out]).toEqual([0, frameRows.map(({ wire }) => `${wire}\n`).join('')]);
    const bytes = await link(['encode'], asLines);
    expect(bytes.code).toBe(0);
    expect(bytes.out.length).toBeGreaterThan(0);
  });

  it('decodes every stream vector to exactly its frames, and these go there and back', async () => {
    for (const { wire, frames } of streamRows) {
      const { code, out } = await link(['decode', '--hex'], `${wire}\n`);
      expect(code).toBe(0);
      expect(rowsOf(out)).toEqual(frames);
      const again = await link(['encode', '--hex'], out);
      const back = await link(['decode', '--hex'], again.out);
      expect(rowsOf(back.out)).toEqual(frames);
    }
  }, 120_000);

  it('names the line and the field of what it cannot encode, and does the rest', async () => {
    const lines = [
      '{"type":256,"seq":0,"body":""}',
      'nonsense',
      '{"type":7,"seq":1,"body":"00"}',
      '{"type":1,"seq":1}',
    ];
    const { code, out, err } = await link(['encode', '--hex'], `${lines.join('\n')}\n`);
    expect(code).toBe(65);
    expect(out.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(/line 1: type .*\n.*line 2: not a JSON object.*\n.*line 4: body/);
  });

  it('says how much was damaged, and what is not hexadecimal', async () => {
    const noisy = await link(['decode', '--hex'], `ff ff ff 00 ${frameRows[0]?.wire}\n`);
    expect([noisy.code, noisy.err]).toEqual([0, '1 damaged frames, 3 bytes, were left out\n']);
    expect(rowsOf(noisy.out)).toEqual([plain[0]]);
    expect((await link(['decode', '--hex'], 'xyz\n')).code).toBe(65);
    expect((await link(['decode', '--hex'], '070\n')).code).toBe(65);
  });

  it('knows its actions', async () => {
    const { code, err } = await link(['decod'], '');
    expect([code, err]).toEqual([64, expect.stringContaining('did you mean decode?')]);
  });
});
