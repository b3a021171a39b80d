import { createHash, createPublicKey, verify } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { AtomicTest } from '../self-test.ts';
import { verdict } from './outcome.ts';

/** What the processor and the libraries beneath compute for us; another one in the tests of these tests. */
export interface Cpu {
  sha256(text: string): string;
  verifyEd25519(message: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean;
  crc32(text: string): number;
  /** In the order of `floatAnswers`. */
  floats(): readonly number[];
}

const fix = 'replace the board if it comes back after a reboot: it computes wrong';

/** Known-answer tests: the vectors are those of the standards. */
export function cpuTests(cpu: Cpu = ownCpu): readonly AtomicTest[] {
  return [
    {
      id: 'cpu.sha256',
      title: 'SHA-256 gives the known answers',
      run: () => verdict(sha256Faults(cpu), `${sha256Answers.length} vectors`, fix),
    },
    {
      id: 'cpu.ed25519',
      title: 'Ed25519 takes a good signature and refuses a forged one',
      run: () => verdict(ed25519Faults(cpu), 'RFC 8032, test 2', fix),
    },
    {
      id: 'cpu.crc32',
      title: 'CRC-32 gives the known answers',
      run: () => verdict(crc32Faults(cpu), `${crc32Answers.length} vectors`, fix),
    },
    {
      id: 'cpu.float',
      title: 'floating point gives the known answers, to the last bit',
      run: () => verdict(floatFaults(cpu), `${floatAnswers.length} vectors`, fix),
    },
  ];
}

/** FIPS 180-4: its examples, and the empty message. */
const sha256Answers = [
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
] as const;

function sha256Faults(cpu: Cpu): readonly string[] {
  return sha256Answers.flatMap(([text, answer]) =>
    cpu.sha256(text) === answer ? [] : [`SHA-256 of ${text.length} bytes is wrong`],
  );
}

/** RFC 8032, section 7.1, test 2: a message of one byte. */
const ed25519Answer = {
  publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  message: '72',
  signature:
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
};

function ed25519Faults(cpu: Cpu): readonly string[] {
  const [key, message, signature] = [ed25519Answer.publicKey, ed25519Answer.message, ed25519Answer.signature].map(
    (hex) => Buffer.from(hex, 'hex'),
  );
  if (key === undefined || message === undefined || signature === undefined) return ['no vector'];
  const forged = Buffer.from(signature);
  forged[0] = (forged[0] ?? 0) ^ 1;
  const isTaken = cpu.verifyEd25519(message, signature, key);
  const isForgedTaken = cpu.verifyEd25519(message, forged, key);
  return [...(isTaken ? [] : ['a good signature is refused']), ...(isForgedTaken ? ['a forged one is taken'] : [])];
}

/** The check value of CRC-32/ISO-HDLC, and two more of zlib. */
const crc32Answers = [
  ['123456789', 0xcbf43926],
  ['', 0],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
] as const;

function crc32Faults(cpu: Cpu): readonly string[] {
  return crc32Answers.flatMap(([text, answer]) =>
    cpu.crc32(text) === answer ? [] : [`CRC-32 of ${text.length} bytes is wrong`],
  );
}

/** IEEE 754 binary64: sum, quotient, root, rounding to binary32, the smallest denormal, a product that is not exact. */
const floatAnswers = [
  '3fd3333333333334',
  '3fd5555555555555',
  '3ff6a09e667f3bcd',
  '3fb99999a0000000',
  '0000000000000001',
  '3fe8a3d70a3d70a4',
] as const;

function floatFaults(cpu: Cpu): readonly string[] {
  const values = cpu.floats();
  const view = new DataView(new ArrayBuffer(8));
  return floatAnswers.flatMap((answer, index) => {
    view.setFloat64(0, values[index] ?? Number.NaN);
    const found = view.getBigUint64(0).toString(16).padStart(16, '0');
    return found === answer ? [] : [`floating point answer ${index}: expected ${answer}, found ${found}`];
  });
}

/** The operands come through an array, so that no compiler computes them beforehand. */
function computeFloats(): readonly number[] {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = [0.1, 0.2, 0.7, 1.1, 2].map((value) => Number(String(value)));
  return [a + b, 1 / (e + 1), Math.sqrt(e), Math.fround(a), e ** -1074, c * d];
}

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

const ownCpu: Cpu = {
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
  verifyEd25519(message, signature, publicKey) {
    const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' });
    return verify(null, message, key, signature);
  },
  crc32: (text) => crc32(text),
  floats: computeFloats,
};
