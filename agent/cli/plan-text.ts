import type { LevelChange } from '../config/change/levels.ts';
import type { BrokerChange, ConfigPlan } from '../config/change/plan.ts';

const words = {
  added: 'is new',
  removed: 'goes away',
  relabelled: 'other settings, its driver does not notice',
  ruled: 'other rules, the line stays as it is',
  reopened: 'is closed and opened again',
} as const;

/** What a new config changes, for people: one line each. */
export function formatPlan({ documents, levels, brokers, link, settings, restart }: ConfigPlan): readonly string[] {
  const lines = [
    ...documents.map(({ name, how }) => `document  ${name}: ${words[how]}`),
    ...levels.map(formatLevel),
    ...brokers.map(formatBroker),
    ...link.map((name) => `broker    ${name}: connects anew`),
    ...settings.map((name) => `setting   ${name}`),
    ...restart.map((name) => `refused   ${name} cannot change while the agent runs`),
  ];
  return lines.length === 0 ? ['nothing changes'] : lines;
}

function formatLevel({ document, line, from, to }: LevelChange): string {
  return `pin       ${line} (${document}): ${[from ?? 'not driven', ...to].join(' → ')}`;
}

function formatBroker({ url, how, keys }: BrokerChange): string {
  const what = { added: 'is new', removed: 'goes away', changed: `other ${keys.join(', ')}` };
  return `broker    ${url}: ${what[how]}`;
}
