import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GpioBackend, Level, LineAddress } from '../../drivers/contract/digital.ts';
import { openFilesCount } from '../support/open-files.ts';
import { valueOf } from '../support/value-of.ts';

/** What a suite needs to look at the wire and not at the driver. */
export interface DigitalOutputRig extends AsyncDisposable {
  readonly backend: GpioBackend;
  /** Exists, is held by nobody, and is low. */
  readonly line: LineAddress;
  readonly absentLine: LineAddress;
  /** What a meter at the wire shows. */
  level(): Level;
  /** The levels the wire went through since the rig was made, oldest first; absent where no meter is fast enough. */
  readonly changes?: () => readonly Level[];
  /** Puts a level on the wire while nobody holds the line; absent where only a holder can. */
  leave?(level: Level): void;
}

/** Every DigitalOutput passes this. The meter decides, never the driver's own opinion. */
export function digitalOutputSuite(name: string, createRig: () => Promise<DigitalOutputRig>): void {
  describe(`digital output contract: ${name}`, () => {
    let rig: DigitalOutputRig;
    beforeEach(async () => {
      rig = await createRig();
    });
    afterEach(async () => {
      await rig[Symbol.asyncDispose]();
    });
    const request = (initial: Level | 'as-is') => ({ line: rig.line, initial, consumer: 'contract' });
    const open = async (initial: Level | 'as-is') => valueOf(await rig.backend.openOutput(request(initial)));

    test.for([0, 1] as const)('a line opened with %i has that level on the wire at once', async (initial) => {
      await using _output = await open(initial);
      expect(rig.level()).toBe(initial);
    });

    test('opening high brings the wire up once and does nothing else to it', async ({ skip }) => {
      if (rig.changes === undefined) return skip('the wire keeps no log');
      await using _output = await open(1);
      expect(rig.changes()).toEqual([1]);
    });

    test('opening low a wire that is low leaves it alone', async ({ skip }) => {
      if (rig.changes === undefined) return skip('the wire keeps no log');
      await using _output = await open(0);
      expect(rig.changes()).toEqual([]);
    });

    test.for([0, 1] as const)(
      'a line opened as it is keeps the level %i that it was found with',
      async (found, { skip }) => {
        if (rig.leave === undefined) return skip('nobody can leave a level on this wire');
        rig.leave(found);
        await using output = await open('as-is');
        expect(rig.level()).toBe(found);
        expect(output.readBack()).toEqual({ ok: true, value: found });
        expect(rig.changes?.() ?? []).toEqual([]);
        expect(output.write(found === 1 ? 0 : 1)).toEqual({ ok: true });
        expect(rig.level()).toBe(found === 1 ? 0 : 1);
      },
    );

    test('each write arrives at the wire before it returns', async () => {
      await using output = await open(0);
      for (const level of [1, 0, 1, 1, 0, 0] as const) {
        expect(output.write(level)).toEqual({ ok: true });
        expect(rig.level()).toBe(level);
      }
    });

    test('the same level again does not disturb the wire', async ({ skip }) => {
      if (rig.changes === undefined) return skip('the wire keeps no log');
      await using output = await open(1);
      for (const level of [1, 1, 0, 0, 1, 1] as const) valueOf(output.write(level));
      expect(rig.changes()).toEqual([1, 0, 1]);
    });

    test('reading back gives what is on the wire, or says that it cannot', async () => {
      await using output = await open(1);
      for (const level of [1, 0, 1] as const) {
        valueOf(output.write(level));
        const read = output.readBack();
        if (output.supports.readBack) expect(read).toEqual({ ok: true, value: rig.level() });
        else expect(read).toMatchObject({ ok: false, error: { kind: 'unsupported' } });
      }
    });

    test('after disposal writing and reading back fail with closed and leave the wire alone', async () => {
      const output = await open(1);
      await output[Symbol.asyncDispose]();
      const left = rig.level();
      expect(output.write(left === 1 ? 0 : 1)).toMatchObject({ ok: false, error: { kind: 'closed' } });
      expect(output.readBack()).toMatchObject({ ok: false, error: { kind: 'closed' } });
      expect(rig.level()).toBe(left);
    });

    test('disposing twice is harmless, even when somebody else has the line by then', async () => {
      const output = await open(0);
      await output[Symbol.asyncDispose]();
      await using next = await open(1);
      await output[Symbol.asyncDispose]();
      expect(await rig.backend.openOutput(request(0))).toMatchObject({ ok: false, error: { kind: 'busy' } });
      expect(next.write(0)).toEqual({ ok: true });
      expect(rig.level()).toBe(0);
    });

    test('a line that is held is busy, and the wire does not notice', async () => {
      await using _output = await open(1);
      const second = await rig.backend.openOutput(request(0));
      expect(second).toMatchObject({ ok: false, error: { kind: 'busy', operation: 'open' } });
      expect(rig.level()).toBe(1);
    });

    test('a disposed line can be opened again', async () => {
      const first = await open(0);
      await first[Symbol.asyncDispose]();
      await using _second = await open(1);
      expect(rig.level()).toBe(1);
    });

    test('opening and disposing again and again leaves no file open', async () => {
      const cycle = async () => (await open(0))[Symbol.asyncDispose]();
      await cycle(); // The first may open what stays.
      const before = openFilesCount();
      for (let round = 0; round < 8; round += 1) await cycle();
      expect(openFilesCount()).toBe(before);
    });

    test('a line that does not exist is absent', async () => {
      const opened = await rig.backend.openOutput({ ...request(0), line: rig.absentLine });
      expect(opened).toMatchObject({ ok: false, error: { kind: 'absent', operation: 'open' } });
    });

    test('the resource is the line as the config has it', async () => {
      await using output = await open(0);
      expect(output.resource).toBe(typeof rig.line === 'string' ? rig.line : `${rig.line.chip}:${rig.line.offset}`);
    });
  });
}
