import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import type { Message } from '../../qn/message.ts';
import { isNodeName } from '../../qn/topic.ts';
import { fieldsOf, type ObjectValue } from '../../qn/value.ts';
import { rowOf } from '../fleet.ts';
import { neverHeard, openHealthSession } from '../hear-health.ts';
import { type CliContext, type ExitCode, exitCodes, type OptionValues } from '../verb.ts';

/** A microcontroller as the health report of its board has it. */
export interface McuRow {
  readonly node: string;
  readonly document: string;
  readonly row: ObjectValue;
}

/** The microcontrollers of a node, or of every node of the broker; what fails is told here. */
export async function findMcus(
  context: CliContext,
  options: OptionValues,
  node: string | undefined,
): Promise<Result<readonly McuRow[], ExitCode>> {
  if (node !== undefined && !isNodeName(node)) {
    context.err(`qnctl mcu: not a node name: ${node}; small letters, digits, - and _, like pi-42`);
    return fail(exitCodes.usage);
  }
  const opened = await openHealthSession(context, options, node);
  if (!opened.ok) return opened;
  await using session = opened.value;
  const { sightings, isWhole, inbox } = session;
  const told = node === undefined ? undefined : sightings.get(node);
  if (node !== undefined && told !== undefined && rowOf(node, told).status === 'offline') {
    context.err(
      `qnctl mcu: ${node} is offline, and nothing is known of its microcontrollers; try: qnctl health ${node}`,
    );
    return fail(exitCodes.unavailable);
  }
  if (sightings.size > 0 && isWhole) return ok([...sightings].flatMap(([name, message]) => rowsOf(name, message)));
  if (sightings.size === 0 && !inbox.isOver) context.err(`qnctl mcu: ${neverHeard(node)}; try: qnctl health`);
  return fail(exitCodes.unavailable);
}

/** The one that is meant: named, or the only one there is. */
export async function findMcu(
  context: CliContext,
  options: OptionValues,
  [node = '', document]: readonly string[],
): Promise<Result<McuRow, ExitCode>> {
  const found = await findMcus(context, options, node);
  if (!found.ok) return found;
  const names = found.value.map((row) => row.document);
  const chosen = document === undefined ? found.value : found.value.filter((row) => row.document === document);
  const [mcu] = chosen;
  if (mcu !== undefined && chosen.length === 1) return ok(mcu);
  if (names.length === 0) context.err(`qnctl mcu: ${node} has no microcontroller in its health report`);
  else if (document === undefined) context.err(`qnctl mcu: which one of ${node}? ${names.join(', ')}`);
  else context.err(`qnctl mcu: ${node} has no microcontroller ${document}; it has ${names.join(', ')}`);
  return fail(exitCodes.usage);
}

function rowsOf(node: string, message: Message): readonly McuRow[] {
  return Object.entries(fieldsOf(fieldsOf(message.val)['drivers'])).flatMap(([document, value]) => {
    const row = fieldsOf(value);
    return row['driver'] === 'mcu' ? [{ node, document, row }] : [];
  });
}
