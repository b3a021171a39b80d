import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BytePort } from '../../drivers/contract/byte-port.ts';
import type { DriverError } from '../../drivers/contract/result.ts';
import { until } from '../support/until.ts';

/** The other end of the line, without any code of the driver in it. */
export interface BytePortPeer {
  /** Everything that arrived so far. */
  received(): Uint8Array;
  send(bytes: Uint8Array): void;
  /** Stops taking bytes, so that a large write cannot end. */
  stall(): void;
  /** Goes away, as a device that is unplugged. */
  leave(): void;
}

/** Disposal is idempotent. */
export interface BytePortRig extends AsyncDisposable {
  readonly port: BytePort;
  readonly peer: BytePortPeer;
}

const writeTimeoutMs = 10_000;
/** More than the buffers of any system on the way. */
const stuckBytes = 4 * 1_024 * 1_024;

export interface BytePortSuiteOptions {
  /** Length of a long write or read, in bytes: several times what the system keeps on its way. */
  readonly longBytes?: number;
}

/** Every BytePort passes this; bytes are compared at the other end of the line. */
export function bytePortSuite(
  name: string,
  createRig: () => Promise<BytePortRig>,
  { longBytes = 65_536 }: BytePortSuiteOptions = {},
): void {
  describe(`byte port contract: ${name}`, () => {
    let rig: BytePortRig;
    beforeEach(async () => {
      rig = await createRig();
    });
    afterEach(async () => {
      await rig[Symbol.asyncDispose]();
    });
    const arrivesAtPeer = async (bytes: Uint8Array) => {
      await until(() => rig.peer.received().byteLength >= bytes.byteLength, `${bytes.byteLength} bytes at the peer`);
      expect(Buffer.from(rig.peer.received()).equals(bytes)).toBe(true);
    };

    test.for([
      ['all 256 values', allValues()],
      [`${longBytes / 1_024} KiB`, mixed(longBytes)],
    ] as const)('%s go out as they are', async ([, bytes]) => {
      expect(await rig.port.write(bytes, writeTimeoutMs)).toEqual({ ok: true });
      await arrivesAtPeer(bytes);
    });

    test.for([
      ['all 256 values', allValues()],
      [`${longBytes / 1_024} KiB`, mixed(longBytes)],
    ] as const)('%s come in as they are', async ([, bytes]) => {
      const chunks: Buffer[] = [];
      let receivedBytes = 0;
      rig.port.onData((chunk) => {
        chunks.push(Buffer.from(chunk)); // A copy: the chunk is valid during the call only.
        receivedBytes += chunk.byteLength;
      });
      rig.peer.send(bytes);
      await until(() => receivedBytes >= bytes.byteLength, `${bytes.byteLength} bytes at the port`);
      expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    });

    test('writes one after the other arrive in that order', async () => {
      for (const text of ['one ', 'two ', 'three']) {
        expect(await rig.port.write(Buffer.from(text), writeTimeoutMs)).toEqual({ ok: true });
      }
      await arrivesAtPeer(Buffer.from('one two three'));
    });

    test('a write of nothing succeeds', async () => {
      expect(await rig.port.write(new Uint8Array(0), writeTimeoutMs)).toEqual({ ok: true });
    });

    test('a second write before the first has ended is busy, and nothing of it is sent', async () => {
      const bytes = mixed(longBytes);
      const first = rig.port.write(bytes, writeTimeoutMs);
      const second = await rig.port.write(Buffer.from('intruder'), writeTimeoutMs);
      expect(second).toMatchObject({ ok: false, error: { kind: 'busy', operation: 'write' } });
      expect(await first).toEqual({ ok: true });
      await arrivesAtPeer(bytes);
    });

    test('a write that nobody takes ends with timeout and says how much was sent', async () => {
      rig.peer.stall();
      const late = await rig.port.write(mixed(stuckBytes), 50);
      expect(late).toMatchObject({ ok: false, error: { kind: 'timeout', operation: 'write' } });
      expect(late.ok ? '' : late.error.detail).toMatch(/^\d+ of 4194304 bytes were handed over within 50 ms/);
    });

    test('disposal ends a pending write with closed', async () => {
      rig.peer.stall();
      const pending = rig.port.write(mixed(stuckBytes), writeTimeoutMs);
      await rig.port[Symbol.asyncDispose]();
      expect(await pending).toMatchObject({ ok: false, error: { kind: 'closed', operation: 'write' } });
    });

    test('when the other side goes away onClosed is called once and writes fail with closed', async () => {
      const errors: DriverError[] = [];
      rig.port.onClosed((error) => errors.push(error));
      rig.peer.leave();
      await until(() => errors.length > 0, 'onClosed');
      expect(errors[0]).toMatchObject({ kind: 'closed', resource: rig.port.resource });
      const written = await rig.port.write(Buffer.from('late'), writeTimeoutMs);
      expect(written).toMatchObject({ ok: false, error: { kind: 'closed', operation: 'write' } });
      await rig.port[Symbol.asyncDispose]();
      expect(errors).toHaveLength(1);
    });

    test('after disposal writes fail with closed, twice is harmless, and onClosed is not called', async () => {
      const errors: DriverError[] = [];
      rig.port.onClosed((error) => errors.push(error));
      await rig.port[Symbol.asyncDispose]();
      await rig.port[Symbol.asyncDispose]();
      const written = await rig.port.write(Buffer.from('late'), writeTimeoutMs);
      expect(written).toMatchObject({ ok: false, error: { kind: 'closed', operation: 'write' } });
      rig.peer.leave();
      await rig[Symbol.asyncDispose]();
      expect(errors).toEqual([]);
    });
  });
}

function allValues(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, index) => index);
}

/** Never the same in two places that a lost or doubled block could mix up. */
function mixed(byteCount: number): Uint8Array {
  const bytes = new Uint8Array(byteCount);
  // A loop, because an emulated board takes seconds for 4 MiB of callbacks.
  for (let index = 0; index < byteCount; index += 1) bytes[index] = (index ^ (index >> 8) ^ (index >> 16)) & 0xff;
  return bytes;
}
