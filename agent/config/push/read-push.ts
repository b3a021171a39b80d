import { fail, ok, type Result } from '../../../drivers/contract/result.ts';
import type { Notify, Value } from '../../qn/message.ts';
import type { Refusal } from '../../qn/reason.ts';
import { applyMergePatch } from '../../qn/value.ts';
import { inTurns } from '../../steps.ts';
import { valueDigest } from '../../trust/value-digest.ts';
import { formatFault } from '../fault.ts';
import type { Generation } from '../generations/generation.ts';
import type { Candidate, ConfigHome } from '../home.ts';
import { parseYamlSteps } from '../parse-yaml.ts';
import { isPlainMap } from '../plain-map.ts';
import { toPlain } from '../tree.ts';

/** A value that asks for the config of before, as a new version. */
export function isRollback(value: Value): boolean {
  return isPlainMap(value) && Object.keys(value).length === 1 && 'rollback' in value && value['rollback'] === true;
}

/**
 * The config that a push wants to run (QN-7.1): a whole one as object or YAML text, or what a patch makes of the one that
 * runs. All faults at once, with their place.
 */
export async function readPush(
  home: ConfigHome,
  running: Generation,
  { val, base }: Notify,
): Promise<Result<Candidate, Refusal>> {
  const value = isRollback(val)
    ? previousValue(home)
    : base === undefined
      ? await wholeValue(val)
      : patched(running, val, base);
  if (!value.ok) return value;
  const checked = await home.check(value.value);
  if (checked.ok) return checked;
  return fail({ reason: 'malformed', detail: checked.error.map(formatFault).join('\n').slice(0, faultsBytesMax) });
}

const faultsBytesMax = 4_096;

async function wholeValue(val: Value): Promise<Result<Value, Refusal>> {
  if (typeof val !== 'string') return ok(val);
  const parsed = await inTurns(parseYamlSteps(val, 'config'));
  if (!parsed.ok) {
    return fail({ reason: 'malformed', detail: parsed.error.map(formatFault).join('\n').slice(0, faultsBytesMax) });
  }
  return ok(parsed.value === null ? {} : toPlain(parsed.value));
}

function patched({ version, value }: Generation, patch: Value, base: number): Result<Value, Refusal> {
  if (base === version) return ok(applyMergePatch(value, patch));
  const detail = `this is a patch of version ${base}, and version ${version} runs; make it anew, or send the whole config`;
  return fail({ reason: 'version-gap', detail });
}

function previousValue({ keeper }: ConfigHome): Result<Value, Refusal> {
  if (keeper.previous !== undefined) return ok(keeper.previous.value);
  return fail({ reason: 'unsupported', detail: 'this board keeps no config of before' });
}

/** Of the value as it was sent, which is what a token binds. */
export function digestOf({ val }: Notify): string {
  return valueDigest(val);
}
