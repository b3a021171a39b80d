import * as v from 'valibot';
import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { modbusFrameBytesMax } from '../../drivers/limits.ts';
import { leftOut } from '../left-out.ts';
import { documentsMax } from '../limits.ts';
import { atOnce, type Steps } from '../steps.ts';
import { hashOf } from './canonical.ts';
import type { Config } from './config.ts';
import { crossCheckSteps, type Parts } from './cross-check.ts';
import { buildProblems } from './cross-check-build.ts';
import { mapProblems } from './cross-check-maps.ts';
import { boundFaults, type ConfigFault, locate, type Problem } from './fault.ts';
import { parseYaml } from './parse-yaml.ts';
import { isPlainMap } from './plain-map.ts';
import { toProblem } from './schema/issue.ts';
import {
  documentsSchema,
  fileSchema,
  type GoodDocument,
  type GoodDocuments,
  toConfig,
  tooManyDocuments,
} from './schema.ts';
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
  return atOnce(checkTreeSteps(tree));
}

/** The same, one document at a time. */
export function* checkTreeSteps(tree: Tree): Steps<Result<CheckedConfig, readonly ConfigFault[]>> {
  const plain = toPlain(tree);
  yield;
  const sections = isPlainMap(plain) ? plain : {};
  const written = sections['documents'];
  const documents = yield* checkDocuments(isPlainMap(written) ? written : {});
  // Of documents the schema has only to see whether they are a map.
  const others = isPlainMap(written) ? { ...sections, documents: {} } : plain;
  const rest = v.safeParse(fileSchema, others, { abortPipeEarly: true });
  yield;
  const crossed = yield* crossCheckSteps(partsOf(plain, documents.good));
  const problems: readonly Problem[] = [
    ...(rest.issues ?? []).map((issue) => toProblem(issue)),
    ...documents.problems,
    ...crossed,
    ...mapProblems(plain, documents.good),
    ...buildProblems(plain, leftOut),
  ];
  yield;
  if (!rest.success || problems.length > 0) return fail(locate(tree, problems));
  return ok(checkedConfig(toConfig({ ...rest.output, documents: Object.fromEntries(documents.good) })));
}

interface CheckedDocuments {
  readonly good: GoodDocuments;
  readonly problems: readonly Problem[];
}

function* checkDocuments(documents: { readonly [name: string]: unknown }): Steps<CheckedDocuments> {
  const good = new Map<string, GoodDocument>();
  const named = Object.entries(documents);
  const problems: Problem[] = named.length > documentsMax ? [tooMany] : [];
  for (const [name, value] of named) {
    const parsed = v.safeParse(documentsSchema, { [name]: value }, { abortPipeEarly: true });
    problems.push(...(parsed.issues ?? []).map((issue) => toProblem(issue, ['documents'])));
    const config = parsed.success ? parsed.output[name] : undefined;
    if (config !== undefined) good.set(name, config);
    yield;
  }
  return { good, problems };
}

const tooMany: Problem = { path: ['documents'], at: 'value', message: tooManyDocuments };

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

function partsOf(plain: unknown, good: GoodDocuments): Parts {
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
    serial: [...good].flatMap(([name, config]) => {
      if (!('port' in config) || config.driver === 'mcu') return [];
      return [[name, 'frameBytesMax' in config ? config.frameBytesMax : modbusFrameBytesMax]];
    }),
    poolProfile: isPlainMap(pool) && pool['profile'] === 'tiny' ? 'tiny' : 'standard',
  };
}
