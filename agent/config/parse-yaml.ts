import type { CST, Document, LineCounter as Lines, Node, Pair, YAMLMap } from 'yaml';
import {
  Composer,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  Parser,
  type YAMLError,
  YAMLParseError,
} from 'yaml';
import type { Result } from '../../drivers/contract/result.ts';
import { fail, ok } from '../../drivers/contract/result.ts';
import { atOnce, type Steps } from '../steps.ts';
import { type ConfigFault, faultAt } from './fault.ts';
import {
  configDepthMax,
  configLexemesPerStep,
  configNodeCharactersCount,
  configNodesMax,
  configNodesPerStep,
  configSyntaxFaultsMax,
} from './limits.ts';
import { isDangerousKey, type Place, type Scalar, type Tree, type TreeEntry } from './tree.ts';

/**
 * One YAML 1.2 document (core schema: `on` and `off` are text) as a tree; null for a file without content. Any text is
 * taken: it never throws, and what aliases write out is counted before it is built.
 */
export function* parseYamlSteps(text: string, file: string): Steps<Result<Tree | null, readonly ConfigFault[]>> {
  const lines = new LineCounter();
  const document = yield* composeDocument(text, lines);
  yield;
  if ('tooDeepAt' in document) return fail([tooDeep(placeAt(lines, file, document.tooDeepAt), [])]);
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) return fail(syntaxFaults(syntax, lines, file));
  return yield* readTree(document, lines, file);
}

export function parseYaml(text: string, file: string): Result<Tree | null, readonly ConfigFault[]> {
  return atOnce(parseYamlSteps(text, file));
}

/** What the parser has open besides collections: the document and a scalar. */
const stackCountMax = configDepthMax + 2;

/** As `parseDocument` of yaml, which builds whatever is nested: 65 000 brackets were more than the heap of a board holds. */
function* composeDocument(text: string, lines: Lines): Steps<Document.Parsed | { readonly tooDeepAt: number }> {
  const parser = new Parser(lines.addNewLine);
  const composer = new Composer({
    prettyErrors: false,
    schema: 'core', // Also against `%YAML 1.1`, where `on` is a boolean.
    resolveKnownTags: false,
    uniqueKeys: false, // Its check takes time in the square of the keys; ours is below.
  });
  const documents: Document.Parsed[] = [];
  const compose = (tokens: Iterable<CST.Token>) => {
    for (const token of tokens) documents.push(...composer.next(token));
  };
  const isOver = () => parser.stack.length > stackCountMax || documents.length > 1;
  const lexemes = new Lexer().lex(text);
  /** Whether there is more. */
  const takeSome = () => {
    for (let count = 0; count < configLexemesPerStep; count += 1) {
      const lexeme = lexemes.next();
      if (lexeme.done === true) return false;
      compose(parser.next(lexeme.value));
      if (isOver()) return false;
    }
    return true;
  };
  lines.addNewLine(0);
  while (withoutTraces(takeSome)) yield;
  if (parser.stack.length > stackCountMax) return { tooDeepAt: parser.offset };
  withoutTraces(() => {
    if (!isOver()) compose(parser.end());
    if (!isOver()) documents.push(...composer.end(true, text.length));
  });
  const [document, second] = documents;
  if (document === undefined) return { tooDeepAt: parser.offset };
  if (second !== undefined)
    document.errors.push(new YAMLParseError([second.range[0], second.range[1]], 'MULTIPLE_DOCS', ''));
  return document;
}

/** Each of 60 000 faults would have a trace, of a kilobyte. */
function withoutTraces<Value>(work: () => Value): Value {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function syntaxFaults(errors: readonly YAMLError[], lines: Lines, file: string): readonly ConfigFault[] {
  const told = errors.slice(0, configSyntaxFaultsMax);
  return told.map((error) => faultAt(placeAt(lines, file, error.pos[0]), [], syntaxMessage(error), fixOf(error)));
}

function tooDeep(place: Place, path: readonly string[]): ConfigFault {
  return faultAt(place, path, `nested deeper than ${configDepthMax} levels`);
}

const indentation = 'look at the indentation, and for a colon without a space behind it';
const fixes: { readonly [code in YAMLError['code']]?: string } = {
  TAB_AS_INDENT: 'indent with spaces',
  BLOCK_AS_IMPLICIT_KEY: indentation,
  MULTILINE_IMPLICIT_KEY: indentation,
  TAG_RESOLVE_FAILED: 'no tags here: secrets are "file:/path/of/it", more files go into conf.d',
};

function fixOf({ code, message }: YAMLError): string | undefined {
  return message.includes('same column') ? 'the same number of spaces in front of each of them' : fixes[code];
}

function syntaxMessage(error: YAMLError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'more than one YAML document in the file: only one is allowed';
  const [said = ''] = error.message.split(/(?<=\w): /, 1); // What stands in the file behind it may be a password.
  const message = said.slice(0, 160).replaceAll(/\s+/g, ' ');
  return `not YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
}

function placeAt(lines: Lines, file: string, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}

interface Reading {
  readonly faults: ConfigFault[];
  readonly anchors: Map<string, { readonly tree: Tree; readonly nodes: number }>;
  readonly place: (node: Node) => Place;
  nodes: number;
}

function* readTree(document: Document, lines: Lines, file: string): Steps<Result<Tree | null, readonly ConfigFault[]>> {
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return ok(null);
  const place = (node: Node) => placeAt(lines, file, node.range?.[0] ?? 0);
  const reading: Reading = { faults: [], anchors: new Map(), place, nodes: 0 };
  const tree = yield* readNode(reading, contents, []);
  if (reading.nodes > configNodesMax) {
    return fail([faultAt({ file, line: 1, column: 1 }, [], `more than ${configNodesMax} keys and values`)]);
  }
  return reading.faults.length > 0 ? fail(reading.faults) : ok(tree);
}

function* readNode(reading: Reading, node: Node, path: readonly string[]): Steps<Tree> {
  const place = reading.place(node);
  const nodesBefore = reading.nodes;
  reading.nodes += 1;
  if (reading.nodes % configNodesPerStep === 0) yield;
  if (isAlias(node)) return readAlias(reading, node.source, place, path);
  const tree = yield* readContent(reading, node, place, path);
  // Known only now, so that an anchor cannot hold itself.
  if ('anchor' in node && typeof node.anchor === 'string') {
    reading.anchors.set(node.anchor, { tree, nodes: reading.nodes - nodesBefore });
  }
  return tree;
}

const aliasFix = 'write a text that begins with * in quotes';

function readAlias(reading: Reading, name: string, place: Place, path: readonly string[]): Tree {
  const anchor = reading.anchors.get(name);
  if (anchor === undefined) reading.faults.push(faultAt(place, path, 'no anchor before this alias', aliasFix));
  reading.nodes += anchor?.nodes ?? 0;
  return anchor?.tree ?? { kind: 'scalar', place, value: null };
}

function* readContent(reading: Reading, node: Node, place: Place, path: readonly string[]): Steps<Tree> {
  const isTooDeep = path.length >= configDepthMax;
  if (isTooDeep && !isScalar(node)) reading.faults.push(tooDeep(place, path));
  if (isTooDeep || reading.nodes > configNodesMax) return { kind: 'scalar', place, value: null };
  if (isMap(node)) return { kind: 'map', place, entries: yield* readEntries(reading, node, path) };
  if (isSeq(node)) {
    const items: Tree[] = [];
    for (const [index, item] of node.items.entries()) {
      if (isNode(item)) items.push(yield* readNode(reading, item, [...path, `${index}`]));
    }
    return { kind: 'list', place, items };
  }
  const value = isScalar(node) ? scalarOf(node.value) : null;
  if (typeof value === 'string') countText(reading, value);
  if (typeof value === 'string' && !value.isWellFormed()) reading.faults.push(faultAt(place, path, halfCharacter));
  return { kind: 'scalar', place, value };
}

/** Written as an escape, `"\ud800"`: no message could tell such a config. */
const halfCharacter = 'half of a character (a lone surrogate)';

/** A long text counts as several: aliases write it out as often as they name it. */
function countText(reading: Reading, text: string): void {
  reading.nodes += Math.floor(text.length / configNodeCharactersCount);
}

function* readEntries(reading: Reading, map: YAMLMap, path: readonly string[]): Steps<ReadonlyMap<string, TreeEntry>> {
  const entries = new Map<string, TreeEntry>();
  for (const pair of map.items) {
    const keyPlace = reading.place(isNode(pair.key) ? pair.key : map);
    const key = keyOf(pair);
    const inner = [...path, key ?? ''];
    const refuse = (message: string, fix?: string) => reading.faults.push(faultAt(keyPlace, inner, message, fix));
    if (key === undefined) refuse('a key must be a word');
    else if (!key.isWellFormed()) refuse(halfCharacter);
    else if (isDangerousKey(key)) refuse(`${key} is not allowed as a key`);
    else if (key === '<<') refuse('maps are not merged', 'write its keys here');
    else if (entries.has(key)) refuse(`${key} is there twice`, 'remove one of them');
    else {
      const value: Tree = isNode(pair.value)
        ? yield* readNode(reading, pair.value, inner)
        : { kind: 'scalar', place: keyPlace, value: null };
      countText(reading, key);
      entries.set(key, { keyPlace, value });
    }
  }
  return entries;
}

/** As it is written: `1` and `true` are keys like any other word. */
function keyOf(pair: Pair): string | undefined {
  if (!isScalar(pair.key) || pair.key.value === null) return undefined;
  return pair.key.source ?? String(scalarOf(pair.key.value));
}

function scalarOf(value: unknown): Scalar {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}
