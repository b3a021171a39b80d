import * as v from 'valibot';
import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { modbusFrameBytesMax } from '../../drivers/limits.ts';
import { leftOut } from '../left-out.ts';
import { hashOf } from './canonical.ts';
import type { Config } from './config.ts';
import { crossCheck, type Parts } from './cross-check.ts';
import { buildProblems } from './cross-check-build.ts';
import { mapProblems } from './cross-check-maps.ts';
import { boundFaults, type ConfigFault, locate, type Problem } from './fault.ts';
import { parseYaml } from './parse-yaml.ts';
import { isPlainMap } from './plain-map.ts';
import { document } from './schema/document.ts';
import { toProblem } from './schema/issue.ts';
import { fileSchema, toConfig } from './schema.ts';
import { emptyMap, type Tree, toPlain } from './tree.ts';

export interface CheckedConfig {
  readonly config: Config;
  /** SHA-256 of the config with its defaults, in hex: equal for equal effect, however it was written. */
  readonly hash: string;
}

/** One file alone, without conf.d and environment. Never throws, whatever the text is. */
export function checkConfig(text: string, file: string): Result<CheckedConfig, readonly ConfigFault[]> {
  const parsed = parseYaml(text, file);
  if (!parsed.ok) return fail(boundFaults(parsed.error));
  const checked = checkTree(parsed.value ?? emptyMap({ file, line: 1, column: 1 }));
  return checked.ok ? checked : fail(boundFaults(checked.error));
}

/** Every fault at once, with its place. */
export function checkTree(tree: Tree): Result<CheckedConfig, readonly ConfigFault[]> {
  const plain = toPlain(tree);
  const parsed = v.safeParse(fileSchema, plain, { abortPipeEarly: true });
  const problems: readonly Problem[] = [
    ...(parsed.issues ?? []).map((issue) => toProblem(issue)),
    ...crossCheck(partsOf(plain)),
    ...mapProblems(plain),
    ...buildProblems(plain, leftOut),
  ];
  if (!parsed.success || problems.length > 0) return fail(locate(tree, problems));
  return ok(checkedConfig(toConfig(parsed.output)));
}

/** Its hash is taken when somebody asks for it: a start has no time for that. */
function checkedConfig(config: Config): CheckedConfig {
  let hash: string | undefined;
  return {
    config,
    get hash() {
      hash ??= hashOf(config);
      return hash;
    },
  };
}

function partsOf(plain: unknown): Parts {
  const { documents, bindings, pool, mqtt, 'home-assistant': homeAssistant } = isPlainMap(plain) ? plain : {};
  const buttons = isPlainMap(homeAssistant) ? homeAssistant['buttons'] : undefined;
  const named = isPlainMap(documents) ? Object.entries(documents) : [];
  const listed: readonly unknown[] = Array.isArray(bindings) ? bindings : [];
  return {
    documents: named.map(([name, value]) => [name, isPlainMap(value) ? value : {}]),
    buttons: isPlainMap(buttons) ? Object.keys(buttons) : [],
    isUnreadable: isPlainMap(homeAssistant) && isPlainMap(mqtt) && mqtt['encoding'] === 'cbor',
    targets: listed.flatMap((value, index) => {
      const to = isPlainMap(value) ? value['to'] : undefined;
      return typeof to === 'string' ? [[index, to]] : [];
    }),
    serial: named.flatMap(([name, value]) => {
      const parsed = v.safeParse(document, value, { abortPipeEarly: true });
      if (!parsed.success || !('port' in parsed.output) || parsed.output.driver === 'mcu') return [];
      return [[name, 'frameBytesMax' in parsed.output ? parsed.output.frameBytesMax : modbusFrameBytesMax]];
    }),
    poolProfile: isPlainMap(pool) && pool['profile'] === 'tiny' ? 'tiny' : 'standard',
  };
}
