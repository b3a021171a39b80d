import type { Documents } from './documents.ts';
import { byId, create, setText, setTone, type Tone, toggleHidden } from './dom.ts';
import type { Health, SelfTest } from './model.ts';

const tones: { readonly [status: string]: Tone } = {
  online: 'good',
  degraded: 'doubtful',
  safe: 'doubtful',
  offline: 'bad',
};
const verdicts: { readonly [verdict: string]: Tone } = { PASS: 'good', DEGRADED: 'doubtful', FAIL: 'bad' };

/** Status, trouble and figures. */
export function showHealth(health: Health, documents: Documents): void {
  const { report, status, checks } = health;
  const badge = byId('status');
  const broker = checks.find(({ id }) => id === 'broker');
  const isCut = broker?.ok === false;
  setText(badge, isCut ? 'no broker' : status);
  setTone(badge, isCut ? 'bad' : (tones[status] ?? 'plain'));
  const { agent = '', protocol = '' } = report.versions ?? {};
  setText(byId('versions'), `qn-agent ${agent} · ${protocol} · up ${formatSpan(report.uptime_s ?? 0)}`);
  const failed = checks.filter(({ ok }) => !ok);
  const ids = new Set(failed.map(({ id }) => id));
  showTrouble(failed.filter(({ id }) => !ids.has(id.replace('selftest.', '')) || !id.startsWith('selftest.')));
  for (const { id, ok, detail } of checks) {
    if (id.startsWith('driver.')) documents.tell(id.slice('driver.'.length), ok, detail);
  }
  const { outbox, link } = report;
  showFigures([
    ['Broker', isCut ? 'none' : (link?.broker ?? '–')],
    ['Reconnects', String(link?.reconnects ?? 0)],
    ['Waiting for the broker', String(outbox?.depth ?? 0)],
    ['Thrown away', String(outbox?.dropped ?? 0)],
    ['Memory', `${Math.round((report.rss_bytes ?? 0) / 1_048_576)} MB`],
  ]);
}

function showTrouble(failed: Health['checks']): void {
  const list = byId('trouble-list');
  toggleHidden(byId('trouble'), failed.length === 0);
  const key = JSON.stringify(failed);
  if (list.dataset['key'] === key) return;
  list.dataset['key'] = key;
  const rows = failed.map(({ id, detail, fix }) => {
    const text = create('div', { class: 'label' }, create('span', { class: 'doc' }, id), create('span', {}, detail));
    if (fix !== undefined) text.append(create('span', { class: 'fix' }, fix));
    return create('li', { class: 'row' }, create('span', { class: 'mark', 'data-tone': 'bad' }, 'wrong'), text);
  });
  list.replaceChildren(...rows);
}

function showFigures(figures: readonly (readonly [name: string, value: string])[]): void {
  const list = byId('figures');
  const key = JSON.stringify(figures);
  if (list.dataset['key'] === key) return;
  list.dataset['key'] = key;
  list.replaceChildren(...figures.flatMap(([name, value]) => [create('dt', {}, name), create('dd', {}, value)]));
}

export function showSelfTest({ health_status: verdict, tests }: SelfTest): void {
  const badge = byId('selftest-verdict');
  setText(badge, verdict);
  setTone(badge, verdicts[verdict] ?? 'plain');
  const list = byId('selftest');
  const key = JSON.stringify(tests);
  if (list.dataset['key'] === key) return;
  list.dataset['key'] = key;
  const failed = tests.filter(({ status }) => status === 'fail');
  const rest = tests.filter(({ status }) => status !== 'fail');
  byId('selftest-failed').replaceChildren(...failed.map(testRow));
  list.replaceChildren(...rest.map(testRow));
  const skipped = rest.filter(({ status }) => status === 'skip').length;
  setText(byId('selftest-count'), `${rest.length - skipped} passed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
}

function testRow({ title, status, detail, fix, took_us: tookUs }: SelfTest['tests'][number]): HTMLLIElement {
  const text = create('div', { class: 'label' }, create('span', {}, title), create('span', { class: 'faint' }, detail));
  if (fix !== undefined && status === 'fail') text.append(create('span', { class: 'fix' }, fix));
  const tone = { pass: 'good', fail: 'bad', skip: 'plain' }[status];
  const mark = create('span', { class: 'mark', 'data-tone': tone }, status);
  return create('li', { class: 'row' }, mark, text, create('span', { class: 'number faint' }, formatUs(tookUs)));
}

export function formatUs(us: number): string {
  if (us < 1_000) return `${Math.round(us)} µs`;
  return us < 1_000_000 ? `${(us / 1_000).toFixed(us < 10_000 ? 1 : 0)} ms` : `${(us / 1_000_000).toFixed(1)} s`;
}

function formatSpan(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
