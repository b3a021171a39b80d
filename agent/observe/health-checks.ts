import { switchedOff } from '../health/load.ts';
import { type HealthSources, statusOf } from '../health/report.ts';
import { deafFix } from '../health/warnings.ts';
import type { SlabStats } from '../pool/slab.ts';

/** One thing that is well or not. */
export interface HealthCheck {
  readonly id: string;
  readonly ok: boolean;
  readonly detail: string;
  readonly fix?: string;
}

export interface HealthChecks {
  /** All of them are. */
  readonly ok: boolean;
  readonly status: string;
  readonly checks: readonly HealthCheck[];
}

/** How the agent is, a row for each thing that can be wrong; the report on `health/agent` has the figures. */
export function healthChecks(sources: HealthSources): HealthChecks {
  const drivers = sources.drivers();
  const selfTest = sources.selfTest();
  const store = sources.store();
  const checks: readonly HealthCheck[] = [
    brokerCheck(sources),
    ...emergencyChecks(sources),
    ...(store === undefined
      ? []
      : [
          {
            ...{ id: 'store', ok: store.state === 'working', detail: `the store is ${store.state}` },
            ...(store.fix !== undefined && { fix: store.fix }),
          },
        ]),
    poolCheck(sources),
    loadCheck(sources),
    ...drivers.map(({ document, driver, state, error, safe }) => ({
      id: `driver.${document}`,
      ok: state === 'working' && safe === undefined,
      detail: error ?? safe ?? `${driver} works`,
    })),
    ...selfTest.tests
      .filter(({ status }) => status !== 'skip')
      .map(({ id, status, detail, fix }) => {
        return { id: `selftest.${id}`, ok: status === 'pass', detail, ...(fix === undefined ? {} : { fix }) };
      }),
  ];
  return {
    ok: checks.every(({ ok }) => ok),
    status: statusOf(sources),
    checks,
  };
}

function brokerCheck(sources: HealthSources): HealthCheck {
  const { brokers, refused: [refusal] = [] } = sources.link();
  const current = brokers.find(({ state }) => state === 'in-use');
  if (current !== undefined && refusal !== undefined) return { id: 'broker', ok: false, detail: refusal, fix: deafFix };
  const unsaid = current?.unsaid;
  if (unsaid !== undefined)
    return { id: 'broker', ok: false, detail: unsaid.detail, ...(unsaid.fix && { fix: unsaid.fix }) };
  if (current !== undefined) return { id: 'broker', ok: true, detail: `connected to ${current.url}` };
  const error = brokers.find(({ lastError }) => lastError !== undefined)?.lastError;
  const { detail = 'not connected yet', fix } = error ?? {};
  return { id: 'broker', ok: false, detail, ...(fix === undefined ? {} : { fix }) };
}

/** Without it the main connection carries their commands, behind everything else. */
function emergencyChecks(sources: HealthSources): readonly HealthCheck[] {
  const { state, trouble } = sources.link().express;
  const detail = trouble ?? (state === 'up' ? 'connected' : 'not connected yet');
  return state === 'none' ? [] : [{ id: 'broker.emergency', ok: state === 'up', detail }];
}

/** Full just now; what was refused in the past is a figure, and nothing that is still wrong. */
function poolCheck(sources: HealthSources): HealthCheck {
  const { small, large } = sources.pool();
  const full = [...fullHolders('small', small), ...fullHolders('large', large)];
  const detail = full.length === 0 ? 'there is room' : `no slot left: ${full.join(', ')}`;
  return { id: 'pool', ok: full.length === 0, detail };
}

function fullHolders(slab: string, { holders }: SlabStats): readonly string[] {
  return Object.entries(holders)
    .filter(([, { used, quota }]) => used >= quota)
    .map(([holder]) => `${slab} ${holder}`);
}

function loadCheck(sources: HealthSources): HealthCheck {
  const { level, why } = sources.sparing();
  if (level === 0) return { id: 'load', ok: true, detail: 'nothing is switched off' };
  const detail = `degrade level ${level}, without ${switchedOff(level).join(', ')}; ${why.join('; ')}`;
  return { id: 'load', ok: false, detail, fix: 'look who sends so much: qnctl events NODE; it recovers by itself' };
}
