import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatFault } from '../../../agent/config/fault.ts';
import { loadConfig } from '../../../agent/config/load.ts';
import { configJsonSchema, writeConfigSchema } from '../../../build/schema.ts';

const examplePath = new URL('../../../build/config/example.yaml', import.meta.url).pathname;

test('the shipped example has no faults', async () => {
  const loaded = await loadConfig({ path: examplePath, env: {} });
  expect(loaded.ok ? [] : loaded.error.faults.map(formatFault)).toEqual([]);
  expect(loaded.ok && Object.values(loaded.value.checked.config.documents).map(({ driver }) => driver)).toEqual([
    'gpio-out',
    'gpio-out',
    'gpio-out',
    'gpio-out',
    'gpio-in',
    'gpio-counter',
    'pwm-out',
    'serial-line',
    'serial-raw',
    'serial-length',
    'serial-slip',
    'modbus-rtu',
    'modbus-register',
    'modbus-register',
    'mcu',
  ]);
});

test('the shipped example shows every key', async () => {
  const example = await readFile(examplePath, 'utf8');
  const names = new Set(propertiesOf(configJsonSchema()).map(({ name }) => name));
  // `chip` and `offset` stand in a remark, as do the keys that only make sense with real files.
  expect([...names].filter((name) => !new RegExp(`\\b${name}:( |$)`, 'm').test(example))).toEqual([]);
});

test('the schema lists every documented key', () => {
  const names = propertiesOf(configJsonSchema()).map(({ name }) => name);
  expect([...new Set(names)].toSorted()).toEqual(
    [
      'node groups mqtt gpio pool documents bindings health http home-assistant prefix buttons config log state-folder',
      'trust verify',
      'root brokers username password client-id acks encoding keepalive url weight ca cert key crl servername alpn min-version receive-maximum',
      'backend board profile interval level on select map to socket host token environment',
      'driver number priority retained control once resume without-journal outbox line chip offset active safe boot exit bias debounce',
      'crash config-error offline after restore max-on min-dwell interlock interlock-policy dead-time',
      'storm rate for retry edge publish min channel frequency',
      'port vendorId productId serialNumber baud data-bits parity stop-bits modem dtr rts rs485 before echo',
      'delimiter append max inter-byte endian',
      'keys kid roles author expires selftest',
      'watchdog reset pulse channels update over part framing hardware',
      'timeout bus unit table register type word-order scale poll write unit-of-measure',
    ]
      .flatMap((line) => line.split(' '))
      .toSorted(),
  );
});

test('every key has a description for the editor', () => {
  const bare = propertiesOf(configJsonSchema()).filter(({ schema }) => !('description' in schema));
  expect(bare.map(({ name }) => name)).toEqual([]);
});

test('unknown keys are refused by the schema too', () => {
  const maps = propertiesOf({ properties: { top: configJsonSchema() } }).filter(({ schema }) => 'properties' in schema);
  expect(maps.length).toBeGreaterThan(5);
  expect(maps.filter(({ schema }) => schema['additionalProperties'] !== false)).toEqual([]);
});

test('the schema is a file with a name that is no address', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qn-schema-'));
  const path = await writeConfigSchema(join(folder, 'dist'));
  const text = await readFile(path, 'utf8');
  await rm(folder, { recursive: true });
  expect(path).toBe(join(folder, 'dist', 'qn-agent.schema.json'));
  expect(JSON.parse(text)).toMatchObject({ $id: 'urn:qn-agent:config:1', type: 'object', required: ['node', 'mqtt'] });
});

interface Property {
  readonly name: string;
  readonly schema: { readonly [key: string]: unknown };
}

/** All keys of all maps in it, at any depth. */
function propertiesOf(schema: unknown): readonly Property[] {
  if (typeof schema !== 'object' || schema === null) return [];
  return Object.entries(schema).flatMap(([key, value]) => {
    if (key === 'default' || key === 'examples') return [];
    const own = key === 'properties' && typeof value === 'object' ? Object.entries(value ?? {}) : [];
    return [...own.map(([name, inner]) => ({ name, schema: inner as Property['schema'] })), ...propertiesOf(value)];
  });
}
