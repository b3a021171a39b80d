import { isTerminal } from '../dispatch/lifecycle.ts';
import type { TestRow } from '../health/self-test.ts';
import type { Message, Value } from '../qn/message.ts';
import { encodeMessage } from '../qn/registry.ts';
import { createIdSource } from '../qn/snowflake.ts';
import { formatTopic, isNodeName } from '../qn/topic.ts';
import { fieldsOf } from '../qn/value.ts';
import { Inbox } from './inbox.ts';
import { jsonOf } from './message-text.ts';
import { formatReport } from './selftest-text.ts';
import { hearInto, openSession, sessionOptions, tellUnpublished, timeoutOption } from './session.ts';
import { type CliContext, type ExitCode, exitCodes, isSet, textOption, type Verb } from './verb.ts';

/** A full test takes 30 s at most, and its report some more on a slow network. */
const patienceMs = 45_000;

export const selftestNodeVerb: Verb = {
  name: 'selftest',
  operands: 'NODE',
  summary: 'Lets a node test itself beside its work, and shows the report.',
  options: {
    ...sessionOptions,
    timeout: timeoutOption('how long to wait for the report (default 45s)'),
    mode: { type: 'string', placeholder: 'quick|full', help: 'within 1 s, or everything within 30 s (default quick)' },
    loopback: { type: 'string', placeholder: 'A:B', help: 'toggle line A and watch line B, which no document has' },
  },
  examples: ['qnctl selftest pi-1', 'qnctl selftest pi-1 --mode full --json'],
  exits: {
    0: 'PASS, or DEGRADED',
    1: 'FAIL, or the node refused',
    65: 'what the node told is no report',
    69: 'no broker, or no report in time',
  },
  busy: 'waiting for the report',
  async run(context, [node = ''], options) {
    const mode = textOption(options, 'mode') ?? 'quick';
    const loopback = textOption(options, 'loopback');
    if (!isNodeName(node) || (mode !== 'quick' && mode !== 'full')) {
      context.err('qnctl selftest: a node name is needed, and --mode is quick or full');
      return exitCodes.usage;
    }
    const inbox = new Inbox<Message>(context);
    const topics = ({ root }: { root: string }) => [
      formatTopic(root, node, 'ack', 'selftest'),
      formatTopic(root, node, 'state', 'selftest'),
    ];
    const heard = hearInto(inbox, context.clock);
    const opened = await openSession(context, options, topics, {
      ...heard,
      onMessage: (message) => (message.retain ? undefined : heard.onMessage(message)), // A report of before.
    });
    if (!opened.ok) return opened.error;
    await using session = opened.value;
    const id = createIdSource({ clock: context.clock, nodeName: session.name }).next();
    const val: Value = { mode, ...(loopback === undefined ? {} : { loopback }) };
    const encoded = encodeMessage({ t: 'notify', id, src: session.name, ts: context.clock.wallMs(), val }, 'json');
    if (!encoded.ok) return exitCodes.bug;
    const topic = formatTopic(session.root, node, 'notify', 'selftest');
    const published = await session.publish({ topic, payload: encoded.value.bytes, qos: 1, retain: false });
    if (!published.ok) return tellUnpublished(context, published.error);
    const waitMs = options['timeout'] === undefined ? patienceMs : session.timeoutMs;
    return await follow(context, inbox, { id, node, waitMs, isJson: isSet(options, 'json') });
  },
};

interface Asked {
  readonly id: bigint;
  readonly node: string;
  readonly waitMs: number;
  readonly isJson: boolean;
}

/** The report is told before the command ends; where there is no room for it at that moment, soon after. */
async function follow(
  context: CliContext,
  inbox: Inbox<Message>,
  { id, node, waitMs, isJson }: Asked,
): Promise<ExitCode> {
  const untilMs = context.clock.monotonicMs() + waitMs;
  let report: Message | undefined;
  let isDone = false;
  for (;;) {
    const message = await inbox.next(untilMs - context.clock.monotonicMs());
    if (message === undefined) {
      if (!inbox.isOver)
        context.err(`qnctl selftest: no report of ${node} within ${waitMs} ms; is it online? qnctl health ${node}`);
      return exitCodes.unavailable;
    }
    if (message.t === 'snapshot') report = message;
    if (message.t === 'ack' && message.id === id && message.st === 'successful') isDone = true;
    if (isDone && report !== undefined) return show(context, report, isJson);
    if (isDone || message.t !== 'ack' || message.id !== id || !isTerminal(message.st)) continue;
    context.err(`qnctl selftest: ${node}: ${message.st}: ${message.detail ?? message.why ?? 'without a reason'}`);
    return exitCodes.failed;
  }
}

function show(context: CliContext, report: Message, isJson: boolean): ExitCode {
  const value = readReport(report.val);
  if (value === undefined) {
    context.err('qnctl selftest: the node told something that is no report');
    return exitCodes.data;
  }
  const text = isJson ? jsonOf(report) : undefined;
  if (text === undefined) for (const line of formatReport(value)) context.out(line);
  else if (text.ok) context.out(text.value);
  return value.health_status === 'FAIL' ? exitCodes.failed : exitCodes.ok;
}

/** Undefined when it is none. What other versions say more is left alone. */
function readReport(value: Value | undefined): Parameters<typeof formatReport>[0] | undefined {
  const { health_status: status, took_ms = 0, max_latency_us = 0, tests } = fieldsOf(value);
  if (status !== 'PASS' && status !== 'DEGRADED' && status !== 'FAIL') return undefined;
  if (!Array.isArray(tests) || typeof took_ms !== 'number' || typeof max_latency_us !== 'number') return undefined;
  return { health_status: status, took_ms, max_latency_us, tests: tests.flatMap(readRow) };
}

function readRow(row: Value): readonly TestRow[] {
  const { id, title, status, detail, took_us, fix } = fieldsOf(row);
  if (status !== 'pass' && status !== 'fail' && status !== 'timeout' && status !== 'skip') return [];
  if (typeof id !== 'string' || typeof detail !== 'string' || typeof took_us !== 'number') return [];
  const text = typeof title === 'string' ? title : id;
  return [{ id, title: text, status, detail, took_us, ...(typeof fix === 'string' ? { fix } : {}) }];
}
