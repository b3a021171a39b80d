import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DigitalInput, Edge, GpioBackend, Level, LineAddress } from '../../drivers/contract/digital.ts';
import { openFilesCount } from '../support/open-files.ts';
import { until } from '../support/until.ts';
import { valueOf } from '../support/value-of.ts';

export interface DigitalInputRig extends AsyncDisposable {
  readonly backend: GpioBackend;
  /** Exists, is held by nobody, and is pulled down. */
  readonly line: LineAddress;
  readonly absentLine: LineAddress;
  /** A finger at the wire. */
  pull(level: Level): void;
  /** Every pulse is seen, however fast; absent where the system looks only now and then. */
  readonly isFast?: true;
}

/** Every DigitalInput passes this; edges are made at the wire. */
export function digitalInputSuite(name: string, createRig: () => Promise<DigitalInputRig>): void {
  describe(`digital input contract: ${name}`, () => {
    let rig: DigitalInputRig;
    beforeEach(async () => {
      rig = await createRig();
    });
    afterEach(async () => {
      await rig[Symbol.asyncDispose]();
    });
    const open = async () => {
      const request = { line: rig.line, bias: 'as-is', consumer: 'contract' } as const;
      const input = valueOf(await rig.backend.openInput(request));
      const edges: Edge[] = [];
      input.onEdge((edge) => edges.push(edge));
      return { input, edges };
    };
    const level = (input: DigitalInput) => valueOf(input.read());

    test.for([0, 1] as const)('reading gives %i when the wire is pulled there', async (pulled) => {
      rig.pull(pulled);
      const { input } = await open();
      await using _input = input;
      expect(level(input)).toBe(pulled);
      rig.pull(pulled === 1 ? 0 : 1);
      expect(level(input)).toBe(pulled === 1 ? 0 : 1);
    });

    test('the level found at opening is no edge', async () => {
      rig.pull(1);
      const { input, edges } = await open();
      await using _input = input;
      rig.pull(0);
      await until(() => edges.length > 0, 'the edge after opening');
      expect(edges.map((edge) => edge.level)).toEqual([0]);
    });

    test('edges come in order, alternate, and their stamps rise', async () => {
      const { input, edges } = await open();
      await using _input = input;
      for (const [index, pulled] of ([1, 0, 1, 0, 1] as const).entries()) {
        rig.pull(pulled);
        await until(() => edges.length > index, `edge ${index}`);
      }
      expect(edges.map((edge) => edge.level)).toEqual([1, 0, 1, 0, 1]);
      const stamps = edges.map((edge) => edge.atNs);
      expect(stamps).toEqual(stamps.toSorted((first, second) => Number(first - second)));
      expect(stamps[4]).toBeGreaterThan(stamps[0] ?? 0n);
    });

    test('the same pull again is no edge', async () => {
      const { input, edges } = await open();
      await using _input = input;
      rig.pull(1);
      await until(() => edges.length > 0, 'the first edge');
      rig.pull(1);
      rig.pull(1);
      rig.pull(0);
      await until(() => edges.length > 1, 'the edge down');
      expect(edges.map((edge) => edge.level)).toEqual([1, 0]);
    });

    test('after a train of pulses the last edge is the level of the wire, and none was told twice', async () => {
      const { input, edges } = await open();
      await using _input = input;
      for (let pulse = 0; pulse < 100; pulse += 1) {
        rig.pull(1);
        rig.pull(0);
      }
      rig.pull(1);
      await until(() => edges.at(-1)?.level === 1 && level(input) === 1, 'the last edge');
      if (rig.isFast) expect(edges).toHaveLength(201);
      expect(edges.every((edge, index) => edge.level === (index % 2 === 0 ? 1 : 0))).toBe(true);
    });

    test('a second listener takes the place of the first', async () => {
      const { input, edges } = await open();
      await using _input = input;
      const later: Edge[] = [];
      input.onEdge((edge) => later.push(edge));
      rig.pull(1);
      await until(() => later.length > 0, 'the edge');
      expect(edges).toEqual([]);
    });

    test('after disposal no edge is told and reading fails with closed', async () => {
      const { input, edges } = await open();
      rig.pull(1);
      await until(() => edges.length > 0, 'the edge before disposal');
      await input[Symbol.asyncDispose]();
      const next = await open(); // Its edge is the proof that the one of the disposed input would have come.
      await using _next = next.input;
      rig.pull(0);
      await until(() => next.edges.length > 0, 'the edge after disposal');
      expect(edges).toHaveLength(1);
      expect(input.read()).toMatchObject({ ok: false, error: { kind: 'closed' } });
    });

    test('disposing twice is harmless', async () => {
      const { input } = await open();
      await input[Symbol.asyncDispose]();
      await using _next = (await open()).input;
      await input[Symbol.asyncDispose]();
      const taken = await rig.backend.openInput({ line: rig.line, bias: 'as-is', consumer: 'contract' });
      expect(taken).toMatchObject({ ok: false, error: { kind: 'busy', operation: 'open' } });
    });

    test('opening and disposing again and again leaves no file open', async () => {
      const cycle = async () => (await open()).input[Symbol.asyncDispose]();
      await cycle(); // The first may open what stays.
      const before = openFilesCount();
      for (let round = 0; round < 8; round += 1) await cycle();
      expect(openFilesCount()).toBe(before);
    });

    test('a line that does not exist is absent', async () => {
      const opened = await rig.backend.openInput({ line: rig.absentLine, bias: 'as-is', consumer: 'contract' });
      expect(opened).toMatchObject({ ok: false, error: { kind: 'absent', operation: 'open' } });
    });
  });
}
