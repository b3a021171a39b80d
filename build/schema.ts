import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { fileSchema } from '../agent/config/schema.ts';

/** Rules a JSON Schema cannot say; the loader checks them all the same. */
const unsayable = ['check', 'check_items', 'raw_check', 'max_bytes'] as const;

/** The JSON Schema of a config file as it is written, for editors: they complete keys and show what they mean. */
export function configJsonSchema(): object {
  const schema = toJsonSchema(fileSchema, {
    typeMode: 'input',
    target: 'draft-2020-12',
    ignoreActions: [...unsayable],
    // The only custom schema is "any JSON value".
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === 'custom' ? {} : undefined),
  });
  return { ...schema, $id: 'urn:qn-agent:config:1', title: 'qn-agent config' };
}

/** Writes `qn-agent.schema.json` into the folder and tells its path. */
export async function writeConfigSchema(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'qn-agent.schema.json');
  await writeFile(path, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return path;
}
