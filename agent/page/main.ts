import { type Answer, events, get, post, setToken, wait } from './api.ts';
import { createChart } from './chart.ts';
import { Documents } from './documents.ts';
import { byId, setText, setTone, toggleHidden } from './dom.ts';
import { EventTable } from './event-table.ts';
import { formatUs, showHealth, showSelfTest } from './health.ts';
import { quantileSince, readBuckets } from './latency.ts';
import { LogList } from './log-list.ts';
import type { BoardConfig, Health } from './model.ts';

const pollMs = 2_000;
const retryMs = 15_000;
/** The board lets a client subscribe to so many. */
const topicsMax = 64;

const documents = new Documents();
const eventTable = new EventTable();
const logList = new LogList();
const commandChart = createChart('command', 'Command p99', formatUs);
const lagChart = createChart('lag', 'Event loop lag p99', formatUs);
const before: { buckets: ReturnType<typeof readBuckets>; config?: string | undefined } = { buckets: new Map() };

/** Undefined: it was told why not. */
function textOf(answer: Answer): string | undefined {
  if (answer.is === 'unauthenticated') askForToken();
  if (answer.is === 'unreachable') {
    tellNotice('The agent does not answer. What is below is what it said last.');
    const badge = byId('status');
    setText(badge, 'no answer');
    setTone(badge, 'bad');
  }
  document.body.dataset['stale'] = String(answer.is !== 'answered');
  return answer.is === 'answered' ? answer.text : undefined;
}

function tellNotice(text: string): void {
  const notice = byId('notice');
  setText(notice, text);
  toggleHidden(notice, text === '');
}

function askForToken(): void {
  toggleHidden(byId('access'), false);
  toggleHidden(byId('main'), true);
}

async function poll(): Promise<void> {
  const text = textOf(await get('/debug/health'));
  if (text === undefined) return;
  const health: Health = JSON.parse(text);
  const broker = health.checks.find(({ id }) => id === 'broker');
  tellNotice(
    broker?.ok === false
      ? `No broker: ${broker.detail}. Pins and safe states work on; nobody outside hears of it.`
      : '',
  );
  const { config } = health.report.versions ?? {};
  before.config ??= config;
  if (before.config !== config) return location.reload(); // The board goes by another config now.
  showHealth(health, documents);
  lagChart.add(health.report.loop?.p99_us);
  await Promise.all([pollEvents(), pollLog(), pollMetrics(), pollSelfTest()]);
}

async function pollEvents(): Promise<void> {
  const answer = await get(`/debug/events?after=${eventTable.lastLsn}`);
  if (answer.is === 'answered' && answer.code === 200) eventTable.add(JSON.parse(answer.text));
}

async function pollLog(): Promise<void> {
  const answer = await get(`/debug/log?after=${logList.last}`);
  if (answer.is === 'answered' && answer.code === 200) logList.add(JSON.parse(answer.text));
}

async function pollMetrics(): Promise<void> {
  const answer = await get('/metrics');
  if (answer.is !== 'answered' || answer.code !== 200) return;
  const buckets = readBuckets(answer.text, 'qn_command_duration_seconds');
  if (before.buckets.size > 0) commandChart.add(quantileSince(before.buckets, buckets, 0.99));
  before.buckets = buckets;
}

async function pollSelfTest(): Promise<void> {
  const answer = await get('/debug/selftest');
  if (answer.is === 'answered' && answer.code === 200) showSelfTest(JSON.parse(answer.text));
}

/** Subscribes to some documents and shows what comes, again and again. */
async function follow(names: readonly string[]): Promise<void> {
  const client = `page-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
  const stop = new AbortController();
  addEventListener('pagehide', () => {
    stop.abort();
    navigator.sendBeacon('/api/qn', JSON.stringify({ client_id: client, action: 'unsubscribe' }));
  });
  const missing = new Set(names);
  const subscribe = async () => {
    for (const topic of [...missing]) {
      const answer = await post('/api/qn', { client_id: client, topic });
      if (answer.is === 'answered' && answer.code === 200) missing.delete(topic);
    }
  };
  setInterval(() => void subscribe(), retryMs); // A document has no value before its driver opened once.
  while (!stop.signal.aborted) {
    for (const name of names) missing.add(name);
    await subscribe();
    try {
      for await (const { event, data } of events(`/api/qn/stream?client_id=${client}`, stop.signal)) {
        documents.hear(event, JSON.parse(data));
      }
    } catch {
      // It broke off; the next poll says so, and then it is tried again.
    }
    await wait(pollMs);
  }
}

async function start(): Promise<void> {
  const text = textOf(await get('/debug/config'));
  if (text === undefined) return;
  toggleHidden(byId('access'), true);
  toggleHidden(byId('main'), false);
  const config: BoardConfig = JSON.parse(text);
  document.title = `${config.node} · qn-agent`;
  setText(byId('node'), config.node);
  documents.show(config);
  const names = Object.keys(config.documents);
  for (let from = 0; from < names.length; from += topicsMax) void follow(names.slice(from, from + topicsMax));
  for (;;) {
    if (document.visibilityState === 'visible') await poll();
    await wait(pollMs);
  }
}

byId<HTMLFormElement>('access').addEventListener('submit', (event) => {
  event.preventDefault();
  setToken(byId<HTMLInputElement>('token').value);
  setText(byId('access-fault'), '');
  void start().then(() => setText(byId('access-fault'), 'The board did not take this token.'));
});

void start();
