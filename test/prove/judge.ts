import type { Order } from './orders.ts';

export interface Judgement {
  /** Sentences, with the command; empty: everything held. */
  readonly faults: readonly string[];
  readonly counts: { readonly [what: string]: number };
}

/** Holds what was heard of the commands against what the devices saw of them. */
export function judge(
  orders: readonly Order[],
  effects: ReadonlyMap<string, number>,
  counts: Judgement['counts'],
): Judgement {
  const effectsOf = ({ text, edgesCount }: Order) => edgesCount ?? effects.get(text) ?? 0;
  const isSuccessful = ({ endings }: Order) => endings[0] === 'successful';
  const isInterrupted = ({ endings }: Order) => endings[0] === 'failed interrupted';
  const interrupted = orders.filter(isInterrupted);
  const doers = [...new Set(orders.map(({ doer }) => doer))];
  const known = new Set(orders.map(({ text }) => text));
  const strange = [...effects.keys()].filter((text) => !known.has(text));
  return {
    faults: [
      ...orders.flatMap((order) =>
        faultsOf(order, effectsOf(order)).map((fault) => `${order.doer.document} ${order.text}: ${fault}`),
      ),
      ...doers.flatMap(({ document, edges }) => ((edges?.take() ?? 0) > 0 ? [`${document} moved after the end`] : [])),
      ...strange.map((text) => `an effect nobody ordered: ${text.slice(0, 40)}`),
    ],
    counts: {
      ...counts,
      commands: orders.length,
      ...byKind(orders),
      deliveries: sum(orders.map(({ deliveries }) => deliveries)),
      successful: orders.filter(isSuccessful).length,
      interrupted: interrupted.length,
      interruptedWithEffect: interrupted.filter((order) => effectsOf(order) > 0).length,
      otherEndings: orders.filter((order) => !isSuccessful(order) && !isInterrupted(order)).length,
      duplicates: sum(orders.map(({ told }) => told.length)),
      toldAgain: sum(orders.map(({ endings }) => Math.max(0, endings.length - 1))),
      twoEffects: orders.filter((order) => effectsOf(order) > 1).length,
    },
  };
}

/** `gpio.pulse3` is one of `pulse`. */
function byKind(orders: readonly Order[]): Judgement['counts'] {
  const kinds = new Map<string, number>();
  for (const { doer } of orders) {
    const kind = doer.document.replace(/^gpio\.|\d+$|\..*$/g, '');
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  return Object.fromEntries(kinds);
}

/** The same ending told twice is allowed: the agent may die between telling and knowing that it told. */
function faultsOf({ endings, told }: Order, effectCount: number): readonly string[] {
  const [first, ...rest] = [...new Set([...endings, ...told])];
  const faults: string[] = [];
  if (effectCount > 1) faults.push(`${effectCount} effects`);
  if (endings.length === 0) faults.push(`no terminal ack (duplicate said ${first ?? 'nothing'})`);
  if (rest.length > 0) faults.push(`several endings: ${[first, ...rest].join(', ')}`);
  if (first === 'successful' && effectCount === 0) faults.push('successful without an effect');
  const isExpected = first === undefined || first === 'successful' || first === 'failed interrupted';
  if (!isExpected) faults.push(`ended ${first} with ${effectCount} effects`);
  return faults;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
