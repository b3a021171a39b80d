import type { Result } from '../../drivers/contract/result.ts';
import type { Clock } from '../clock.ts';
import { stableConnectionMs } from '../limits.ts';
import { type BrokerEndpoint, formatBroker } from './broker-endpoint.ts';
import { type BrokerList, createBrokerList } from './broker-list.ts';
import type { Connection, ConnectionEvents, Dialer } from './connection.ts';
import type { Link, LinkError, LinkHandlers, Subscription } from './link.ts';
import { socketError } from './link-error.ts';
import type { ClientIdentity } from './mqtt-client-options.ts';
import { MqttConnection, type MqttConnectionEvents } from './mqtt-connection.ts';
import { type LinkDependencies, openReconnectingLink } from './reconnecting-link.ts';

export interface MqttLinkOptions extends ClientIdentity {
  readonly brokers: readonly BrokerEndpoint[];
  /** Asked anew before every attempt, so that a changed one needs no restart. Its failure is told as `auth`. */
  readonly password?: () => Result<string, { readonly detail: string }>;
  /** Asked for in one SUBSCRIBE, before onUp. */
  readonly subscriptions: readonly Subscription[];
}

/** A Link over TCP or TLS. MQTT 5 where the broker speaks it, else 3.1.1. */
export function openMqttLink(dependencies: LinkDependencies, options: MqttLinkOptions, handlers: LinkHandlers): Link {
  return openReconnectingLink(dependencies, createMqttDialer(dependencies.clock, options), handlers);
}

function createMqttDialer(clock: Clock, options: MqttLinkOptions): Dialer {
  const brokers = createBrokerList(options.brokers);
  return {
    dial(events) {
      const { target } = brokers;
      const broker = formatBroker(target.endpoint);
      const watched = watchOutcome(clock, brokers, events);
      const password = options.password?.();
      if (password?.ok === false) {
        return deadConnection(
          broker,
          { kind: 'auth', detail: `${broker}: no password: ${password.error.detail}` },
          watched,
        );
      }
      const { subscriptions } = options;
      const attempt = { ...target, identity: options, password: password?.value, subscriptions };
      try {
        return new MqttConnection(clock, attempt, watched);
      } catch (cause) {
        return deadConnection(broker, socketError(broker, 'tls', cause), watched); // certificate or key is not PEM
      }
    },
  };
}

/** Keeps the list of brokers informed, and passes everything on. */
function watchOutcome(clock: Clock, brokers: BrokerList, events: ConnectionEvents): MqttConnectionEvents {
  let upAtMs: number | undefined;
  return {
    ...events,
    onUp(up) {
      upAtMs = clock.monotonicMs();
      brokers.cameUp();
      events.onUp(up);
    },
    onEnd({ error, isVersionRefused }) {
      if (isVersionRefused) return events.onEnd({ error, retryAtOnce: brokers.refusedVersion() });
      if (upAtMs !== undefined && clock.monotonicMs() - upAtMs >= stableConnectionMs) brokers.lost();
      else brokers.failed();
      events.onEnd({ error });
    },
  };
}

/** An attempt that failed before there was a socket. */
function deadConnection(broker: string, error: LinkError, events: MqttConnectionEvents): Connection {
  queueMicrotask(() => events.onEnd({ error, isVersionRefused: false }));
  return { broker, waitingFor: 'connection', publish() {}, close() {}, abort() {} };
}
