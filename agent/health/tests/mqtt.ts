import type { Result } from '../../../drivers/contract/result.ts';
import { type Clock, sleep } from '../../clock.ts';
import type { LinkError } from '../../mqtt/link.ts';
import type { AtomicTest, TestResult } from '../self-test.ts';
import { failed, pass, skip, spread } from './outcome.ts';

/** A session of the test's own with the broker, next to that of the agent. */
export interface TestSession extends AsyncDisposable {
  /** `mqtt://host:port` */
  readonly broker: string;
  /** Publishes to the topic of the test, to which the session is subscribed, and resolves when it came back. */
  roundTrip(text: string): Promise<Result<void, LinkError>>;
  /** Cuts the connection without a goodbye; resolves when the link is back by itself, with its subscription. */
  cutAndComeBack(): Promise<Result<void, LinkError>>;
}

export interface MqttSubjects {
  readonly clock: Clock;
  /** Undefined: no broker can be used, as in a test without a network. */
  open(signal: AbortSignal): Promise<Result<TestSession, LinkError>>;
}

const cutsCount = 3;

interface Extent {
  readonly messagesCount: number;
  readonly deadlineMs: number;
  /** A broker that is away is not told as a fault: the board is well without one (QN-6.2). */
  readonly isBrokerOptional: boolean;
}

/** What a command costs between the broker and this board, there and back. */
export function roundTripTest({ clock, open }: MqttSubjects, extent: Extent): AtomicTest {
  return {
    id: 'mqtt.roundtrip',
    title: 'a message goes to the broker and comes back',
    deadlineMs: extent.deadlineMs,
    async run(signal) {
      const measuring = measure(signal);
      if (!extent.isBrokerOptional) return await measuring;
      const patience = sleep(clock, extent.deadlineMs - patienceLeftMs, signal).then(() => noAnswer);
      return await Promise.race([measuring, patience]);
    },
  };

  async function measure(signal: AbortSignal): Promise<TestResult> {
    const opened = await open(signal);
    if (!opened.ok)
      return isAway(opened.error) && extent.isBrokerOptional
        ? skip(opened.error.detail, fullFix)
        : ofLinkError(opened.error);
    await using session = opened.value;
    const latencies: number[] = [];
    for (let count = 0; count < extent.messagesCount && !signal.aborted; count += 1) {
      const startMs = clock.monotonicMs();
      const sent = await session.roundTrip(`round trip ${count}`);
      if (!sent.ok) return ofLinkError(sent.error);
      latencies.push((clock.monotonicMs() - startMs) * 1_000);
    }
    const { p50, max } = spread(latencies);
    const figures = `${Math.round(p50)} µs in the middle, ${Math.round(max)} µs at worst`;
    return pass(`${session.broker}: ${latencies.length} messages, ${figures}`, max);
  }
}

const fullFix = 'look closer with: qn-agent selftest --mode full, or qn-agent doctor';
/** So much before the deadline of the test it gives up by itself. */
const patienceLeftMs = 20;
const noAnswer = skip('no answer of a broker within the time of the quick test', fullFix);

/** Nobody is there; unlike somebody who does not let us in. */
function isAway({ kind }: LinkError): boolean {
  return kind === 'refused' || kind === 'dns' || kind === 'timeout' || kind === 'closed';
}

/** The connection is cut a few times; each time it must come back by itself, and carry messages again. */
export function reconnectTest({ clock, open }: MqttSubjects): AtomicTest {
  return {
    id: 'mqtt.reconnect',
    title: 'the link comes back by itself after a cut',
    deadlineMs: 12_000,
    async run(signal) {
      const opened = await open(signal);
      if (!opened.ok) return ofLinkError(opened.error);
      await using session = opened.value;
      const times: number[] = [];
      for (let count = 0; count < cutsCount && !signal.aborted; count += 1) {
        await sleep(clock, 20, signal);
        const startMs = clock.monotonicMs();
        const back = await session.cutAndComeBack();
        if (!back.ok) return ofLinkError(back.error);
        const heard = await session.roundTrip(`after cut ${count}`);
        if (!heard.ok) return ofLinkError(heard.error);
        times.push(clock.monotonicMs() - startMs);
      }
      return pass(`${session.broker}: ${times.map((ms) => `${Math.round(ms)} ms`).join(', ')}`);
    },
  };
}

function ofLinkError({ detail, fix }: LinkError): TestResult {
  return failed(detail, fix ?? 'look closer with: qn-agent doctor');
}
