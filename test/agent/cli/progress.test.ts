import { expect, it } from 'vitest';
import { runProgram } from '../../../agent/cli/command-line.ts';
import { queryVerb } from '../../../agent/cli/query.ts';
import type { CliContext, Verb } from '../../../agent/cli/verb.ts';
import { watchVerb } from '../../../agent/cli/watch.ts';
import { sleep } from '../../../agent/clock.ts';
import type { FakeClock } from '../../support/fake-clock.ts';
import { recordContext } from './context.ts';

/** A verb that does what the test says, and what a person at the terminal sees beside its output. */
function start(work: (context: CliContext) => Promise<void>, like: Verb = queryVerb) {
  const shown: (string | undefined)[] = [];
  const verb: Verb = {
    ...like,
    operands: '',
    async run(context) {
      await work(context);
      return 0;
    },
  };
  const context = recordContext();
  const program = { name: 'qnctl', summary: '', verbs: [verb] };
  const ended = runProgram(program, [verb.name], context, (line) => shown.push(line));
  return { shown, ended, clock: context.clock as FakeClock, context };
}

it('what takes a second says what it does, and goes on saying how long', async () => {
  const { shown, ended, clock } = start((context) => sleep(context.clock, 2_500));
  await clock.advance(999);
  expect(shown).toEqual([]);
  await clock.advance(1_501);
  await ended;
  const doing = 'waiting for the answer of the node';
  expect(shown).toEqual([`${doing} … 1 s`, `${doing} … 2 s`, undefined]);
  expect(clock.timersCount).toBe(0);
});

it('what is quicker says nothing', async () => {
  const { shown, ended, clock } = start((context) => sleep(context.clock, 900));
  await clock.advance(900);
  await ended;
  expect([shown, clock.timersCount]).toEqual([[], 0]);
});

it('the verb says in its own words what it does', async () => {
  const { shown, ended, clock } = start(async (context) => {
    context.progress?.('uploading 40 %');
    await sleep(context.clock, 1_000);
  });
  await clock.advance(1_000);
  await ended;
  expect(shown).toEqual(['uploading 40 % … 1 s', undefined]);
});

it('output takes its place, and the second begins anew', async () => {
  const { shown, ended, clock, context } = start(async ({ clock: time, out }) => {
    await sleep(time, 1_200);
    out('a line');
    await sleep(time, 900);
  });
  await clock.advance(2_100);
  await ended;
  expect([shown.length, shown[1], context.outLines]).toEqual([2, undefined, ['a line']]);
});

it('a verb that is meant to go on says nothing', async () => {
  const { shown, ended, clock } = start((context) => sleep(context.clock, 5_000), watchVerb);
  await clock.advance(5_000);
  await ended;
  expect([shown, clock.timersCount]).toEqual([[], 0]);
});
