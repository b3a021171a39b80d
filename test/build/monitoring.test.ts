import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../agent/clock.ts';
import { observeGc } from '../../agent/observe/gc-pauses.ts';
import { createInstruments } from '../../agent/observe/instruments.ts';
import { metricFamilies } from '../../agent/observe/metrics/table.ts';
import { startSyncAgent } from '../support/sync-agent.ts';
import { type AlertCase, alertCases, wellBoard } from './alert-cases.ts';

const rulesFile = path.resolve('build/monitoring/alerts.yaml');
const dashboard = readFileSync('build/monitoring/grafana-dashboard.json', 'utf8');
const folder = mkdtempSync(path.join(tmpdir(), 'qn-monitoring-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;
const needed = hasPromtool ? '' : ' (promtool is not installed)';

function promtool(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync('promtool', args, { encoding: 'utf8', cwd: folder });
  return { status, text: `${stdout}${stderr}` };
}

/** What fires at that minute. */
function firing({ series, minutes }: AlertCase, alerts: readonly string[]): { status: number | null; text: string } {
  const file = path.join(folder, `case-${alerts[0] ?? 'none'}.yaml`);
  const test = {
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [
      {
        expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
        eval_time: `${minutes}m`,
        exp_samples: alerts.map((alert) => ({ labels: `{alertname="${alert}"}`, value: 1 })),
      },
    ],
  };
  writeFileSync(file, stringify({ rule_files: [rulesFile], evaluation_interval: '1m', tests: [test] }));
  return promtool('test', 'rules', file);
}

function alertNames(): readonly string[] {
  const { groups } = parse(readFileSync(rulesFile, 'utf8'));
  return groups.flatMap(({ rules }: { rules: { alert: string }[] }) => rules.map(({ alert }) => alert));
}

describe.skipIf(!hasPromtool)(`the alert rules${needed}`, () => {
  it('are rules Prometheus takes', () => {
    expect(promtool('check', 'rules', rulesFile)).toMatchObject({ status: 0 });
  });

  it.each(Object.entries(alertCases))('%s fires, and it alone', (alert, alertCase) => {
    expect(firing(alertCase, [alert])).toMatchObject({ status: 0, text: expect.stringContaining('SUCCESS') });
  });

  it.each([60, 360, 719])('are silent about a board that is well, after %i minutes', (minutes) => {
    expect(firing({ series: wellBoard, minutes }, [])).toMatchObject({ status: 0 });
  });

  it('can fail: a case that should fire something else is told', () => {
    const [alertCase] = Object.values(alertCases);
    expect(firing(alertCase!, ['QnStoreDown']).status).not.toBe(0);
  });
});

async function metricNames(): Promise<ReadonlySet<string>> {
  await using rig = await startSyncAgent();
  using gc = observeGc(systemClock);
  const sources = { health: rig.agent.sources, instruments: createInstruments(), gc, queueDepth: () => 0 };
  return new Set(metricFamilies(sources).map(({ name }) => name));
}

it('each alert has a case', () => {
  expect(alertNames().toSorted()).toEqual(Object.keys(alertCases).toSorted());
});

it.each([
  ['the dashboard', dashboard],
  ['the alert rules', readFileSync(rulesFile, 'utf8')],
])('%s names metrics that exist', async (_what, text) => {
  const known = await metricNames();
  const used = new Set([...text.matchAll(/\bqn_[a-z_]+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, '')));
  expect(used.size).toBeGreaterThan(10);
  expect([...used].filter((name) => !known.has(name))).toEqual([]);
});

it.skipIf(!hasPromtool)(`the dashboard asks what Prometheus understands${needed}`, () => {
  const { panels } = JSON.parse(dashboard) as { panels: { targets?: { expr: string }[] }[] };
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  const rules = expressions.map((expr, index) => {
    return { record: `panel:${index}`, expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*') };
  });
  const file = path.join(folder, 'dashboard.yaml');
  writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
  expect(expressions.length).toBeGreaterThan(30);
  expect(promtool('check', 'rules', file)).toMatchObject({ status: 0 });
});
