import { documentNameBytesMax, documentSegmentsMax, topicBytesMax } from '../limits.ts';

export const verbs = ['notify', 'query', 'state', 'delta', 'event', 'ack', 'health'] as const;
export type Verb = (typeof verbs)[number];

const nodePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/; // QN-1.1
const segmentPattern = /^[a-z0-9][a-z0-9_-]{0,31}$/; // QN-1.3

export function isNodeName(text: string): boolean {
  return nodePattern.test(text);
}

/** `@` and a node-like name (QN-1.2). */
export function isGroupName(text: string): boolean {
  return text.startsWith('@') && isNodeName(text.slice(1));
}

export function isDocumentName(text: string): boolean {
  if (text.length > documentNameBytesMax) return false;
  const segments = text.split('.');
  return segments.length <= documentSegmentsMax && segments.every((segment) => segmentPattern.test(segment)); // QN-1.3
}

/** A topic root is 1 to 8 levels without wildcards, and is not `$…`. */
export function isTopicRoot(text: string): boolean {
  const levels = text.split('/');
  return !text.startsWith('$') && levels.length <= 8 && levels.every((level) => /^[^+#\s]+$/.test(level));
}

export interface Topic {
  /** A node name, or a group with its `@`. */
  readonly target: string;
  readonly verb: Verb;
  readonly document: string;
}

/** `qn/1/<target>/<verb>/<document>` (QN-2); parts are trusted. */
export function formatTopic(root: string, target: string, verb: Verb, document: string): string {
  return `${root}/${target}/${verb}/${document}`;
}

/** The parts of a topic under `root`; undefined when it is not one of ours or a part breaks the naming rules. */
export function parseTopic(root: string, text: string): Topic | undefined {
  if (text.length > topicBytesMax || !text.startsWith(`${root}/`)) return undefined;
  const parts = text.slice(root.length + 1).split('/');
  const [target, verb, document] = parts;
  if (parts.length !== 3 || target === undefined || verb === undefined || document === undefined) return undefined;
  if (!isNodeName(target) && !isGroupName(target)) return undefined;
  if (!isVerb(verb) || !isDocumentName(document)) return undefined;
  return { target, verb, document };
}

function isVerb(text: string): text is Verb {
  return (verbs as readonly string[]).includes(text);
}
