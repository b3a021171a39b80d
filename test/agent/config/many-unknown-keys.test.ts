import { expect, it } from 'vitest';
import { checkTree } from '../../../agent/config/check.ts';
import { parseYaml } from '../../../agent/config/parse-yaml.ts';

it('thousands of unknown keys are refused in a moment and in little memory', () => {
  const text = Array.from({ length: 5_000 }, (_, index) => `key${index}: 1`).join('\n');
  const tree = parseYaml(text, 'config');
  const heapBytes = process.memoryUsage().heapUsed;
  const checked = tree.ok && tree.value !== null && checkTree(tree.value);
  expect(checked).toMatchObject({ ok: false });
  expect(process.memoryUsage().heapUsed - heapBytes).toBeLessThan(100_000_000);
}, 20_000);
