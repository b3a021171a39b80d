import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';
import { expect, test } from 'vitest';
import { checkConfig } from '../../../agent/config/check.ts';
import { asyncApi } from '../../../agent/topics/asyncapi.ts';

const examplePath = new URL('../../../build/config/example.yaml', import.meta.url).pathname;

async function exampleDocument() {
  const checked = checkConfig(await readFile(examplePath, 'utf8'), 'example.yaml');
  if (!checked.ok) throw new Error('the example has faults');
  return { config: checked.value.config, text: JSON.stringify(asyncApi(checked.value.config)) };
}

test('the parser of AsyncAPI has nothing to say about the shipped example', async () => {
  const { text } = await exampleDocument();
  const { document, diagnostics } = await new Parser().parse(text);
  expect(diagnostics.filter(({ code }) => code !== 'asyncapi-latest-version')).toEqual([]);
  expect(document?.version()).toBe('3.0.0');
});

test('each document has its channels, and they go the right way', async () => {
  const { config, text } = await exampleDocument();
  const { document } = await new Parser().parse(text);
  const operations = document?.allOperations().all() ?? [];
  const ways = operations.map((operation) => `${operation.action()} ${operation.channels().all()[0]?.address()}`);
  for (const name of Object.keys(config.documents)) expect(ways).toContain(`send qn/1/pi-42/state/${name}`);
  expect(ways).toContain('receive qn/1/pi-42/notify/gpio.relay1');
  expect(ways).toContain('receive qn/1/pi-42/query/gpio.button1');
  expect(ways).not.toContain('receive qn/1/pi-42/notify/gpio.button1'); // An input takes no commands.
  expect(ways).toContain('receive qn/1/pi-42/notify/config');
  expect(ways).toContain('send qn/1/pi-42/health/agent');
  expect(new Set(ways).size).toBe(ways.length);
});

test('a document with a fault is seen by this parser', async () => {
  const { text } = await exampleDocument();
  const { diagnostics } = await new Parser().parse(text.replace('"action":"send"', '"action":"shout"'));
  expect(diagnostics.length).toBeGreaterThan(0);
});
