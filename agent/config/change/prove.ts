import type { SelfTestReport } from '../../health/self-test.ts';
import type { Refusal } from '../../qn/reason.ts';
import type { Changeable } from './changeable.ts';

export interface Proof {
  /** A test that failed already is not the fault of the new config. */
  readonly before: SelfTestReport;
  /** There was a connection, now or when the config came: then there has to be one again. */
  readonly needsLink: boolean;
}

/**
 * Whether the board works with its new config: the quick self-test, and what it says of its health comes back from a
 * broker, which takes a connection with the new settings both ways. Undefined: it does.
 */
export async function proveConfig(
  { running, uplink, test, tellHealth }: Changeable,
  { before, needsLink }: Proof,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const { verifyMs } = running.config.overAir;
  const fault = newFault(before, await test());
  if (fault !== undefined) return { reason: 'self-test-failed', detail: fault };
  if (!needsLink) return undefined;
  const heard = uplink.heardWithin(verifyMs, signal);
  tellHealth();
  if (await heard) return undefined;
  const why = uplink.lastTrouble === undefined ? '' : `: ${uplink.lastTrouble}`;
  const what = uplink.isUp ? 'its own health message did not come back' : 'it reached no broker';
  return { reason: 'rolled-back', detail: `with the new settings ${what} within ${verifyMs} ms${why}` };
}

/** What fails now and did not before. */
export function newFault(before: SelfTestReport, after: SelfTestReport): string | undefined {
  const failed = new Set(before.tests.flatMap(({ id, status }) => (status === 'fail' ? [id] : [])));
  const fresh = after.tests.filter(({ id, status }) => status === 'fail' && !failed.has(id));
  return fresh.length === 0 ? undefined : fresh.map(({ id, detail }) => `${id}: ${detail}`).join('; ');
}
