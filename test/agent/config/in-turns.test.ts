import { expect, test } from 'vitest';
import { checkTreeSteps } from '../../../agent/config/check.ts';
import { configLexemesPerStep } from '../../../agent/config/limits.ts';
import { loadConfig } from '../../../agent/config/load.ts';
import { parseYamlSteps } from '../../../agent/config/parse-yaml.ts';
import { readAtOnce } from '../../../agent/config/reader.ts';
import type { Steps } from '../../../agent/steps.ts';
import { ok } from '../../../drivers/contract/result.ts';

const count = 50;
const documents = Array.from(
  { length: count },
  (_, index) => `  relay${index}: { driver: gpio-out, line: L${index} }\n`,
);
const text = `node: pi-1\nmqtt: { brokers: [{ url: "mqtt://127.0.0.1" }] }\ndocuments:\n${documents.join('')}`;
/** In each of them: its name, two keys, two values, and signs and spaces between. */
const lexemesPerDocument = 10;

function run<Value>(steps: Steps<Value>): { readonly stepsCount: number; readonly value: Value } {
  for (let stepsCount = 1; ; stepsCount += 1) {
    const { done, value } = steps.next();
    if (done === true) return { stepsCount, value };
  }
}

test('YAML is parsed a few lexemes at a time', () => {
  const { stepsCount, value } = run(parseYamlSteps(text, 'config'));
  expect(value.ok).toBe(true);
  expect(stepsCount).toBeGreaterThan((count * lexemesPerDocument) / configLexemesPerStep);
});

test('each document is checked in a step of its own', () => {
  const { value: parsed } = run(parseYamlSteps(text, 'config'));
  if (!parsed.ok || parsed.value === null) throw new Error('no tree');
  const { stepsCount, value } = run(checkTreeSteps(parsed.value));
  expect(value.ok).toBe(true);
  expect(stepsCount).toBeGreaterThan(count);
});

test('the files of a board that runs are read like that, too', async () => {
  let turnsCount = 0;
  const reader = {
    ...readAtOnce,
    names: () => [],
    text: () => ok({ text, mode: 0o644 }),
    turn: () => void (turnsCount += 1),
  };
  const loaded = await loadConfig({ path: '/nowhere/config.yaml', env: {}, reader });
  expect(loaded.ok).toBe(true);
  expect(turnsCount).toBeGreaterThan(count + (count * lexemesPerDocument) / configLexemesPerStep);
});

test('more than one YAML document, and one that is too deep, end it in the step that finds them', () => {
  const second = run(parseYamlSteps('a: 1\n---\n'.repeat(10_000), 'config'));
  expect(second.value).toMatchObject({ error: [{ message: expect.stringContaining('more than one YAML document') }] });
  expect(second.stepsCount).toBeLessThan(4);
  const deep = run(parseYamlSteps('['.repeat(60_000), 'config'));
  expect(deep.value).toMatchObject({ error: [{ message: expect.stringContaining('nested deeper') }] });
  expect(deep.stepsCount).toBeLessThan(4);
});
