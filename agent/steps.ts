import { nextTurn } from './clock.ts';

/** Work in small pieces: what is done between two of them is up to whoever has it done. */
export type Steps<Value> = Generator<undefined, Value, undefined>;

export function atOnce<Value>(steps: Steps<Value>): Value {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** Everybody else gets a turn between two pieces, an emergency stop first of all. */
export async function inTurns<Value>(steps: Steps<Value>, turn: () => void | Promise<void> = nextTurn): Promise<Value> {
  let step = steps.next();
  while (step.done !== true) {
    await turn();
    step = steps.next();
  }
  return step.value;
}
