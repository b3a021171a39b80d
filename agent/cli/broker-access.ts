import { describeError, fail, type Result } from '../../drivers/contract/result.ts';
import { assert } from '../assert.ts';
import type { BrokerConfig, MqttConfig } from '../config/config.ts';
import type { Env } from '../config/env.ts';
import { readSecret } from '../config/secret.ts';
import { createBrokerCredentials } from '../mqtt/broker-credentials.ts';
import { type BrokerEndpoint, parseBrokerUrl } from '../mqtt/broker-endpoint.ts';

export interface BrokerAccess {
  readonly brokers: readonly BrokerEndpoint[];
  readonly clientId: string;
  readonly keepaliveSeconds: number;
  readonly username?: string;
  readonly password?: () => Result<string, { readonly detail: string; readonly fix?: string }>;
}

/**
 * The way to the brokers of a config. Files are read when a connection is made, not before: a missing or expired one is
 * trouble with a broker, told and mended without a restart, and never a reason for the board not to come up.
 */
export function brokerAccess(mqtt: MqttConfig, env: Env): BrokerAccess {
  const { brokers, username, password, clientId, keepaliveSeconds } = mqtt;
  return {
    brokers: brokers.map((broker) => endpointOf(broker, env)),
    clientId,
    keepaliveSeconds,
    ...(username !== undefined && { username }),
    ...(password !== undefined && {
      password: () => {
        const read = readSecret(password, env);
        if (read.ok) return read;
        const { fix, ...rest } = read.error;
        return fail({ detail: describeError(rest), ...(fix !== undefined && { fix }) });
      },
    }),
  };
}

function endpointOf(broker: BrokerConfig, env: Env): BrokerEndpoint {
  const { weight, receiveMaximum } = broker;
  const address = parseBrokerUrl(broker.url);
  assert(address !== undefined, `a checked config has broker urls: ${broker.url}`);
  const credentials = address.protocol === 'mqtts' ? createBrokerCredentials(broker, env) : undefined;
  return {
    ...address,
    weight,
    ...(receiveMaximum !== undefined && { receiveMaximum }),
    ...(credentials !== undefined && { credentials }),
  };
}
