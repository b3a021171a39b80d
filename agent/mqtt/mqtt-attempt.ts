import type { Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import type { Target } from './broker-choice.ts';
import { formatBroker } from './broker-endpoint.ts';
import type { LinkError, Subscription } from './link.ts';
import { socketError } from './link-error.ts';
import type { ClientIdentity } from './mqtt-client-options.ts';
import { MqttConnection } from './mqtt-connection.ts';
import type { MqttConnectionEvents, MqttSession } from './mqtt-session.ts';

export interface AttemptOptions {
  readonly identity: ClientIdentity;
  /** Asked anew before every attempt, so that a changed one needs no restart. Its failure is told as `auth`. */
  readonly password?: () => Result<string, { readonly detail: string; readonly fix?: string }>;
  /** Asked for before onUp. */
  readonly subscriptions: readonly Subscription[];
  /** What it brings goes before what other connections bring at the same time. */
  readonly isUrgent?: boolean;
  /** How much is handled at a time of what was read; absent: little, so that nothing else waits. */
  readonly sliceBytes?: number | undefined;
}

/** Begins a session; what fails at once is told by `onEnd` as well, a microtask later. */
export function attemptSession(
  clock: Clock,
  target: Target,
  { identity, password, subscriptions, isUrgent = false, sliceBytes }: AttemptOptions,
  events: MqttConnectionEvents,
): MqttSession {
  const broker = formatBroker(target.endpoint);
  const secret = password?.();
  if (secret?.ok === false) {
    const error: LinkError = {
      kind: 'auth',
      code: 'credentials-unreadable',
      detail: `${broker}: no password: ${secret.error.detail}`,
      ...(secret.error.fix !== undefined && { fix: secret.error.fix }),
    };
    return deadSession(broker, error, events);
  }
  const isTls = target.endpoint.protocol === 'mqtts';
  const tls = isTls ? target.endpoint.credentials?.read() : undefined;
  if (tls?.ok === false) {
    const error: LinkError = { kind: 'tls', ...tls.error, detail: `${broker}: ${tls.error.detail}` };
    return deadSession(broker, error, events);
  }
  const endpoint = tls === undefined ? target.endpoint : { ...target.endpoint, tls: tls.value };
  try {
    const reading = { isUrgent, sliceBytes };
    const options = { ...target, endpoint, identity, password: secret?.value, subscriptions, ...reading };
    return new MqttConnection(clock, options, events);
  } catch (cause) {
    return deadSession(broker, socketError(broker, 'tls', cause), events); // the files do not fit together
  }
}

/** An attempt that failed before there was a socket. */
function deadSession(broker: string, error: LinkError, events: MqttConnectionEvents): MqttSession {
  queueMicrotask(() => events.onEnd({ error, how: 'other' }));
  const nothing = () => {};
  const unused = { hold: nothing, release: nothing, publish: nothing, ping: nothing };
  return { broker, waitingFor: 'connection', ...unused, close: nothing, leave: nothing, abort: nothing };
}
