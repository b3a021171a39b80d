import { describe, expect, it } from 'vitest';
import { stkPageTriesMax, stkResetsMax } from '../../../firmware-bridge/stk500/limits.ts';
import { avrParts, roomOf } from '../../../firmware-bridge/stk500/parts.ts';
import { type StkStep, stkScript } from '../../../firmware-bridge/stk500/script.ts';
import { createOptibootModel, type OptibootModel } from '../../support/optiboot-model.ts';
import { seededRandom } from '../../support/seeded-random.ts';

const part = avrParts.atmega328p;
const program = (length: number, factor: number) => Uint8Array.from({ length }, (_, at) => (at * factor) & 0xff);
const oldProgram = program(3_000, 7);
const newProgram = program(2_001, 5);

/** Plays until the end, or until `stepsMax` steps were taken; what `pass` refuses gets no answer. */
function play(
  model: OptibootModel,
  options: {
    image?: Uint8Array;
    isResumed?: boolean;
    stepsMax?: number;
    pass?: (step: StkStep) => boolean;
    hear?: (step: StkStep) => StkStep;
  } = {},
) {
  const { image = newProgram, isResumed = false, stepsMax = 1e6, pass = () => true, hear = (step) => step } = options;
  const script = stkScript(image, { part, isResumed });
  const steps: StkStep[] = [];
  let step = script.next(undefined);
  while (step.done !== true && steps.length < stepsMax) {
    steps.push(step.value);
    step = script.next(pass(step.value) ? model.take(hear(step.value)) : undefined);
  }
  return { steps, outcome: step.done === true ? step.value : undefined };
}

/** An address goes over the line without a checksum: of one that is loaded a bit is turned. */
function withTurnedAddress(step: StkStep, random: () => number): StkStep {
  if (step.do !== 'ask' || step.request.bytes[0] !== 0x55) return step;
  const bytes = Uint8Array.from(step.request.bytes);
  bytes[1] = (bytes[1] ?? 0) ^ (1 << (6 + Math.trunc(random() * 2)));
  return { ...step, request: { ...step.request, bytes } };
}

/** What would run: the program, whole, or nothing. */
function whatRuns({ flash }: OptibootModel): 'old' | 'new' | 'loop' | 'mixture' {
  if (flash[0] === 0xff && flash[1] === 0xcf) return 'loop'; // rjmp .-2
  const is = (image: Uint8Array) => image.every((byte, at) => flash[at] === byte);
  return is(newProgram) ? 'new' : is(oldProgram) ? 'old' : 'mixture';
}

describe('flashing by STK500', () => {
  it('writes and reads back every page, the first one last, and leaves', () => {
    const model = createOptibootModel(part, oldProgram);
    const { steps, outcome } = play(model);
    expect(outcome).toEqual({ ok: true, value: { pagesWritten: 17, pagesKept: 0 } });
    expect(whatRuns(model)).toBe('new');
    expect(model.isInBootloader).toBe(false);
    const progress = steps.flatMap((step) => (step.do === 'progress' ? [step.doneBytes] : []));
    expect(progress[0]).toBe(0);
    expect(progress.at(-1)).toBe(newProgram.length);
  });

  it('cut after any step leaves the old program, the new one or a loop that does nothing, and is finished later', () => {
    const stepsCount = play(createOptibootModel(part, oldProgram)).steps.length;
    const seen = new Set<string>();
    for (let stepsMax = 0; stepsMax <= stepsCount; stepsMax += 1) {
      const model = createOptibootModel(part, oldProgram);
      const { steps } = play(model, { stepsMax });
      const isTouched = steps.some((step) => step.do === 'touch');
      const runs = whatRuns(model);
      seen.add(runs);
      if (!isTouched) expect(runs).toBe('old');
      const written = model.writes;
      expect(play(model, { isResumed: isTouched }).outcome).toMatchObject({ ok: true });
      expect(whatRuns(model)).toBe('new');
      // Not all over again: what was there stays, but for the loop.
      if (isTouched) expect(model.writes).toBeLessThanOrEqual(written + (17 - written) + 3);
    }
    expect([...seen].sort()).toEqual(['loop', 'new', 'old']);
  });

  it.each([1, 2, 3, 4, 5])('gets through when one answer in a hundred is lost (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const model = createOptibootModel(part, oldProgram);
    expect(play(model, { pass: () => random() > 0.01 }).outcome).toMatchObject({ ok: true });
    expect(whatRuns(model)).toBe('new');
  });

  it.each([1, 2, 3, 4, 5])('leaves no page wrong where the line turns bits of what is asked (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const model = createOptibootModel(part, oldProgram);
    const { outcome } = play(model, { hear: (step) => (random() < 0.1 ? withTurnedAddress(step, random) : step) });
    expect(outcome).toMatchObject({ ok: true });
    expect(whatRuns(model)).toBe('new');
  });

  it('gives up when nobody answers, with what to check', () => {
    const { steps, outcome } = play(createOptibootModel(part, oldProgram), { pass: () => false });
    expect(outcome).toMatchObject({
      ok: false,
      error: { reason: 'timeout', detail: expect.stringContaining('reset') },
    });
    expect(steps.filter((step) => step.do === 'reset')).toHaveLength(stkResetsMax);
    expect(steps.some((step) => step.do === 'touch')).toBe(false);
  });

  it('touches nothing when another part answers', () => {
    const model = createOptibootModel(part, oldProgram, avrParts.atmega168.signature);
    const detail = 'it has the signature 0x1e9406; the atmega328p has 0x1e950f';
    expect(play(model).outcome).toEqual({ ok: false, error: { reason: 'wrong-part', detail } });
    expect(whatRuns(model)).toBe('old');
  });

  it('touches nothing when there is no room, and takes what just fits', () => {
    const model = createOptibootModel(part, oldProgram);
    const tooLong = play(model, { image: new Uint8Array(roomOf(part) + 1) });
    expect(tooLong.outcome).toMatchObject({ ok: false, error: { reason: 'too-large' } });
    expect(tooLong.steps).toEqual([]);
    expect(play(model, { image: new Uint8Array(roomOf(part)) }).outcome).toMatchObject({ ok: true });
  });

  it('says so when the flash does not keep what is written, and leaves the loop', () => {
    const model = createOptibootModel(part, oldProgram);
    const worn = { ...model, take: (step: StkStep) => damaged(step, model.take(step)) };
    const { outcome } = play(worn);
    const detail = `the page at 0x80 reads back other than it was written, ${stkPageTriesMax} times`;
    expect(outcome).toEqual({ ok: false, error: { reason: 'verify', detail } });
    expect(whatRuns(model)).toBe('loop');
  });
});

/** One bit of the second page is stuck. */
function damaged(step: StkStep, answer: Uint8Array | undefined): Uint8Array | undefined {
  if (step.do !== 'ask' || step.request.bytes[0] !== 0x74 || answer === undefined) return answer;
  return answer[1] === newProgram[129] ? answer.with(1, (answer[1] ?? 0) ^ 1) : answer;
}
