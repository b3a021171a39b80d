import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { isDocumentName, isNodeName } from '../qn/topic.ts';
import { type CliContext, type ExitCode, exitCodes } from './verb.ts';

export interface Names {
  readonly node: string;
  readonly document: string;
}

/** NODE and DOCUMENT as typed, or what is wrong with them. */
export function checkNames(
  context: CliContext,
  [node = '', document = '']: readonly string[],
): Result<Names, ExitCode> {
  if (!isNodeName(node)) {
    context.err(`qnctl: not a node name: ${node}; small letters, digits, - and _, like pi-42`);
    return fail(exitCodes.usage);
  }
  if (!isDocumentName(document)) {
    context.err(`qnctl: not a document name: ${document}; segments joined by dots, like gpio.relay1`);
    return fail(exitCodes.usage);
  }
  return ok({ node, document });
}

/** Where a node answers this process; a topic of its own kind, so that a broker can let boards write there and nowhere else. */
export function replyTopicTo(root: string, name: string, document: string): string {
  return `${root}/${name}/reply/${document}`;
}
