import { encodeHello, encodePing, encodeSafe, type Hello, linkAbi } from '../../../firmware-bridge/link/bodies.ts';
import { type LinkFrame, linkType } from '../../../firmware-bridge/link/frame.ts';
import { sessionDueMs, stepSession } from '../../../firmware-bridge/link/session.ts';
import { newSession, type SessionEffect, type SessionInput } from '../../../firmware-bridge/link/session-state.ts';

export const hello: Hello = {
  abi: linkAbi,
  firmwareVersion: '1.2.3',
  channelsCount: 0,
  bodyBytesMax: 64,
  nonce: 0x1234,
  safe: 'start',
};

export const typeNames: readonly string[] = ['', ...Object.keys(linkType)];

export interface SessionRig {
  nowMs: number;
  readonly state: ReturnType<typeof newSession>;
  readonly dueMs: number;
  step(input: SessionInput): readonly SessionEffect[];
  hear(type: number, seq: number, ...body: number[]): readonly SessionEffect[];
  /** A frame of the present session. */
  say(type: number, ...body: number[]): readonly SessionEffect[];
  greet(changes?: Partial<Hello>): readonly SessionEffect[];
  /** Up, with a smoothed round trip of 0: resending after 20 ms. */
  rise(changes?: Partial<Hello>): readonly SessionEffect[];
  send(ticket: number, ...body: number[]): readonly SessionEffect[];
  /** Only the tick that is due. */
  tickWhenDue(): readonly SessionEffect[];
  pong(ms?: number): readonly SessionEffect[];
}

/** A session driven by hand: what goes in, at which time, and what it wants done. */
export function sessionRig(firstSession: number = 7): SessionRig {
  let state = newSession(1_000, firstSession, 0);
  const rig: SessionRig = {
    nowMs: 0,
    get state(): ReturnType<typeof newSession> {
      return state;
    },
    get dueMs(): number {
      return sessionDueMs(state);
    },
    step(input: SessionInput): readonly SessionEffect[] {
      const next = stepSession(state, input, rig.nowMs);
      state = next.state;
      return next.effects;
    },
    hear: (type: number, seq: number, ...body: number[]): readonly SessionEffect[] =>
      rig.step({ kind: 'frame', frame: { type, seq, body: Uint8Array.from(body) } }),
    say: (type: number, ...body: number[]): readonly SessionEffect[] => rig.hear(type, state.numbered.session, ...body),
    greet: (changes: Partial<Hello> = {}): readonly SessionEffect[] =>
      rig.hear(linkType.hello, 0, ...encodeHello({ ...hello, ...changes })),
    rise(changes: Partial<Hello> = {}): readonly SessionEffect[] {
      rig.step({ kind: 'begin' });
      rig.greet(changes);
      return rig.say(linkType.ack, 255, 4);
    },
    send: (ticket: number, ...body: number[]): readonly SessionEffect[] =>
      rig.step({ kind: 'send', ticket, body: Uint8Array.from(body) }),
    tickWhenDue(): readonly SessionEffect[] {
      rig.nowMs = rig.dueMs;
      return rig.step({ kind: 'tick' });
    },
    pong: (ms: number = rig.nowMs): readonly SessionEffect[] =>
      rig.say(linkType.pong, ...encodePing(ms), ...encodeSafe('none')),
  };
  return rig;
}

export function framesOf(effects: readonly SessionEffect[]): readonly LinkFrame[] {
  return effects.flatMap((effect) => (effect.kind === 'transmit' ? [effect.frame] : []));
}

/** `data 3`, `ack 8`: type and seq of what is transmitted. */
export function sentBy(effects: readonly SessionEffect[]): readonly string[] {
  return framesOf(effects).map(({ type, seq }) => `${typeNames[type]} ${seq}`);
}

export function kindsOf(effects: readonly SessionEffect[]): readonly string[] {
  return effects.map(({ kind }) => kind).filter((kind) => kind !== 'transmit');
}

export function settledBy(effects: readonly SessionEffect[]): readonly string[] {
  return effects.flatMap((effect) => (effect.kind === 'settle' ? [`${effect.ticket} ${effect.outcome}`] : []));
}
