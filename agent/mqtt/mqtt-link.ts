import { brokerProbeMs, brokerProbeTimeoutMs, brokerStableMs } from '../limits.ts';
import type { Link, LinkHandlers } from './link.ts';
import type { AttemptOptions } from './mqtt-attempt.ts';
import type { ClientIdentity } from './mqtt-client-options.ts';
import { type DialerOptions, MqttDialer } from './mqtt-dialer.ts';
import { type LinkDependencies, openReconnectingLink } from './reconnecting-link.ts';

export interface MqttLinkOptions extends ClientIdentity, Omit<AttemptOptions, 'identity'> {
  readonly brokers: DialerOptions['brokers'];
  /** Default: those of limits.ts. */
  readonly rules?: DialerOptions['rules'];
}

/** A Link over TCP or TLS. MQTT 5 where the broker speaks it, else 3.1.1. */
export function openMqttLink(dependencies: LinkDependencies, options: MqttLinkOptions, handlers: LinkHandlers): Link {
  const { rules = defaultRules } = options;
  const dialer = new MqttDialer(dependencies, { ...options, rules, identity: options });
  return openReconnectingLink({ ...dependencies, clientId: options.clientId }, dialer, handlers);
}

export const defaultRules: DialerOptions['rules'] = {
  probeMs: brokerProbeMs,
  probeTimeoutMs: brokerProbeTimeoutMs,
  stableMs: brokerStableMs,
};
