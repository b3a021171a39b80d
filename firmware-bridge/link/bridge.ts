import type { BytePort } from '../../drivers/contract/byte-port.ts';
import { type DriverError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BridgeClock } from '../clock.ts';
import { linkWatchdogMsDefault } from '../limits.ts';
import type { Channel, Hello, SafeReason } from './bodies.ts';
import { ageOf, type ClockOffset, clockOffset } from './clock-offset.ts';
import { createDeframer, type DeframerCounters } from './deframer.ts';
import type { SendOptions } from './sender.ts';
import { sessionDueMs, stepSession } from './session.ts';
import type { SessionInput, SessionPhase } from './session-state.ts';
import { newSession, type SendOutcome, type SessionCounters, type SessionEffect } from './session-state.ts';
import { createTransmitter, type TransmitterCounters } from './transmitter.ts';

/** Called by the bridge; none of them may throw. None is called once disposal began. */
export interface BridgeHandlers {
  /** As it is discovered; all of them again in `onUp`. */
  onChannel?(channel: Channel): void;
  onUp(peer: Hello, channels: readonly Channel[]): void;
  /** A session ended or did not come about; the bridge goes on trying by itself, unless the port is closed. */
  onDown(error: DriverError): void;
  /** A DATA body, in order and once; the bytes are the handler's. */
  onData(body: Uint8Array): void;
  /** Why the outputs over there are in their safe state; `none` when they no longer are. */
  onSafe?(reason: SafeReason): void;
  onLog?(level: number, text: string): void;
}

export interface BridgeOptions {
  readonly watchdogMs?: number;
  /** 0–1, for the first session number: a restarted agent should not go on with the one it had. */
  readonly random: () => number;
}

/**
 * The agent's end of the link to one microcontroller, over a port the caller opened and closes. It greets, discovers
 * channels, sends, resends and comes back by itself.
 *
 * Not promised: that a body whose `send` failed with `closed` did not arrive. It may have.
 */
export interface McuBridge extends AsyncDisposable {
  readonly state: SessionPhase | 'closed';
  /** What it said of itself last. */
  readonly peer: Hello | undefined;
  readonly channels: readonly Channel[];
  readonly safe: SafeReason;
  readonly counters: BridgeCounters;
  /** How long ago the clock over there showed this, in ms; undefined until it was measured. */
  ageOf(stampMs: number): number | undefined;
  /**
   * Ok when the microcontroller acknowledged; undefined when the body was not wanted any more as its turn came, and was
   * never sent. Fails with `closed` when the link is or goes down, `busy` when too many wait, `out-of-range` when the
   * other side does not take so long a body. The body must stay untouched until then.
   */
  send(body: Uint8Array, how?: SendOptions): Promise<Result<void> | undefined>;
  /** Asks for the safe state until `liftSafe`, over restarts of the microcontroller too. Goes past everything waiting. */
  goSafe(): void;
  liftSafe(): void;
  /** Asks the microcontroller to begin as after power-on. Not acknowledged: a HELLO shows that it did. */
  restart(): void;
}

export interface BridgeCounters {
  readonly session: SessionCounters;
  readonly received: DeframerCounters;
  readonly transmitted: TransmitterCounters;
  /** Milliseconds, of the last PING that was answered. */
  readonly pingMs: number | undefined;
  /** Undefined until it was measured in this session, or when the firmware does not tell its clock. */
  readonly clock: ClockOffset | undefined;
}

export function openBridge(
  port: BytePort,
  clock: BridgeClock,
  options: BridgeOptions,
  handlers: BridgeHandlers,
): McuBridge {
  const { watchdogMs = linkWatchdogMsDefault, random } = options;
  let session = newSession(watchdogMs, Math.trunc(random() * 256), clock.monotonicMs());
  let isOpen = true;
  let timer: Disposable | undefined;
  let timerDueMs = Number.POSITIVE_INFINITY;
  let lastTicket = 0;
  const pending = new Map<number, PendingSend>();
  const deframer = createDeframer();
  const transmitter = createTransmitter(port, () => {}); // Counted there; a port that is gone tells onClosed.

  const step = (input: SessionInput) => {
    const { state, effects } = stepSession(session, input, clock.monotonicMs());
    session = state;
    for (const effect of effects) perform(effect);
    schedule();
  };
  const perform = (effect: SessionEffect) => {
    if (!isOpen) return;
    switch (effect.kind) {
      case 'transmit':
        return transmitter.transmit(effect.frame);
      case 'settle':
        return settle(effect.ticket, effect.outcome);
      case 'down':
        return handlers.onDown(bridgeError('closed', port.resource, effect.detail));
      default:
        return tell(handlers, effect);
    }
  };
  const settle = (ticket: number, outcome: SendOutcome) => {
    const send = pending.get(ticket);
    pending.delete(ticket);
    send?.resolve(resultOf(outcome, port.resource, send.bodyBytes));
  };
  /** Only an earlier need moves the timer; one that fires early sets the next. */
  const schedule = () => {
    const dueMs = sessionDueMs(session);
    if (!isOpen || dueMs >= timerDueMs) return;
    timer?.[Symbol.dispose]();
    timerDueMs = dueMs;
    timer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
      timerDueMs = Number.POSITIVE_INFINITY;
      step({ kind: 'tick' });
    });
  };
  const close = () => {
    timer?.[Symbol.dispose]();
    for (const ticket of [...pending.keys()]) settle(ticket, 'down');
    isOpen = false;
  };

  port.onData((chunk) => {
    if (isOpen) deframer.push(chunk, (frame) => step({ kind: 'frame', frame }));
  });
  port.onClosed((error) => {
    if (!isOpen) return;
    close();
    handlers.onDown(error);
  });
  step({ kind: 'begin' });

  return {
    get state() {
      return isOpen ? session.phase : 'closed';
    },
    get peer() {
      return session.peer;
    },
    get channels() {
      return session.channels;
    },
    get safe() {
      return session.safe;
    },
    get counters() {
      const { counters, pingMs, clockSamples } = session;
      const clockOfPeer = clockOffset(clockSamples);
      return {
        session: counters,
        received: deframer.counters,
        transmitted: transmitter.counters,
        pingMs,
        clock: clockOfPeer,
      };
    },
    ageOf(stampMs) {
      const offset = clockOffset(session.clockSamples);
      return offset === undefined ? undefined : ageOf(offset, stampMs, clock.monotonicMs());
    },
    send(body, how = {}) {
      if (!isOpen) return Promise.resolve(resultOf('down', port.resource, body.length));
      const { promise, resolve } = Promise.withResolvers<Result<void> | undefined>();
      lastTicket += 1;
      pending.set(lastTicket, { bodyBytes: body.length, resolve });
      step({ kind: 'send', ticket: lastTicket, body, ...how });
      return promise;
    },
    goSafe: () => step({ kind: 'safe', isWanted: true }),
    liftSafe: () => step({ kind: 'safe', isWanted: false }),
    restart: () => step({ kind: 'restart' }),
    async [Symbol.asyncDispose]() {
      if (isOpen) close();
    },
  };
}

interface PendingSend {
  readonly bodyBytes: number;
  readonly resolve: (result: Result<void> | undefined) => void;
}

type Told = Exclude<SessionEffect, { kind: 'transmit' | 'settle' | 'down' }>;

function tell(handlers: BridgeHandlers, effect: Told): void {
  switch (effect.kind) {
    case 'channel':
      return handlers.onChannel?.(effect.channel);
    case 'up':
      return handlers.onUp(effect.peer, effect.channels);
    case 'deliver':
      return handlers.onData(effect.body);
    case 'safe':
      return handlers.onSafe?.(effect.reason);
    case 'log':
      return handlers.onLog?.(effect.level, effect.text);
  }
}

function resultOf(outcome: SendOutcome, resource: string, bodyBytes: number): Result<void> | undefined {
  const failed = (kind: DriverError['kind'], detail: string) => fail(bridgeError(kind, resource, detail));
  switch (outcome) {
    case 'acknowledged':
      return ok();
    case 'unwanted':
      return undefined;
    case 'down':
      return failed('closed', 'the link is down; the body may or may not have arrived');
    case 'busy':
      return failed('busy', 'too many bodies wait for the microcontroller');
    case 'too-large':
      return failed('out-of-range', `a body of ${bodyBytes} bytes is longer than the microcontroller takes`);
  }
}

function bridgeError(kind: DriverError['kind'], resource: string, detail: string): DriverError {
  return { kind, operation: 'link', resource, detail };
}
