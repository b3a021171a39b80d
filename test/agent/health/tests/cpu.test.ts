import { createHash, createPublicKey, verify } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Cpu, cpuTests } from '../../../../agent/health/tests/cpu.ts';
import { runTest } from '../../../support/run-test.ts';

const prefix = Buffer.from('302a300506032b6570032100', 'hex');
const sound: Cpu = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  verifyEd25519: (message, signature, key) => {
    const spki = createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });
    return verify(null, message, spki, signature);
  },
  crc32: (text) => crc32(text),
  floats: () => [0.1 + 0.2, 1 / 3, Math.SQRT2, Math.fround(0.1), Number.MIN_VALUE, 0.7 * 1.1],
};

async function failed(cpu?: Cpu): Promise<readonly string[]> {
  const rows = await Promise.all(cpuTests(cpu).map((test) => runTest(test)));
  return rows.filter(({ status }) => status === 'fail').map(({ id }) => id);
}

/** One of them is off by its last bit. */
const wrongAt = (wrong: number) =>
  sound.floats().map((value, index) => (index === wrong ? value * (1 + Number.EPSILON) : value));

describe('known answers of the processor', () => {
  it('are given by this machine', async () => {
    expect(cpuTests().map(({ id }) => id)).toEqual(['cpu.sha256', 'cpu.ed25519', 'cpu.crc32', 'cpu.float']);
    expect(await failed()).toEqual([]);
    expect(await failed(sound)).toEqual([]);
  });

  it.each([
    ['cpu.sha256', { sha256: (text: string) => sound.sha256(text).replace(/.$/, '0') }],
    ['cpu.ed25519', { verifyEd25519: () => true }],
    ['cpu.ed25519', { verifyEd25519: () => false }],
    ['cpu.crc32', { crc32: (text: string) => sound.crc32(text) ^ 1 }],
    ...[0, 1, 2, 3, 5].map((wrong): readonly [string, Partial<Cpu>] => ['cpu.float', { floats: () => wrongAt(wrong) }]),
    ['cpu.float', { floats: () => sound.floats().map((value) => (value === Number.MIN_VALUE ? 0 : value)) }],
  ] satisfies readonly (readonly [string, Partial<Cpu>])[])('%s finds one that computes wrong', async (id, planted) => {
    expect(await failed({ ...sound, ...planted })).toEqual([id]);
  });
});
