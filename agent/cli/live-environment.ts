import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { GpioBackend } from '../../drivers/contract/digital.ts';
import { fail, ok, type Result } from '../../drivers/contract/result.ts';
import { createPwmBackend, openBytePort, openGpioBackend } from '../../drivers/registry.ts';
import type { Clock } from '../clock.ts';
import type { BrokerConfig, Config, Secret } from '../config/config.ts';
import { readSecret } from '../config/secret.ts';
import type { Environment } from '../environment.ts';
import { openFreed } from '../guard/open-freed.ts';
import { startClaimTriesMax } from '../limits.ts';
import type { Log } from '../log.ts';
import { type BrokerEndpoint, type BrokerTls, parseBrokerUrl } from '../mqtt/broker-endpoint.ts';
import { openMqttLink } from '../mqtt/mqtt-link.ts';
import { ownProgram } from '../store/role.ts';
import type { CliContext } from './verb.ts';

/** The drivers of this machine. */
export function openDrivers({
  clock,
}: {
  readonly clock: Clock;
}): Pick<Environment, 'openGpio' | 'openBytePort' | 'createPwm'> {
  return {
    openGpio: (config) => openGpioBackend(config),
    createPwm: (config) => createPwmBackend(config),
    openBytePort: (resource, settings) => openBytePort(resource, settings, clock),
  };
}

/** What it takes to talk to the brokers of the config as this node. */
export interface BrokerAccess {
  readonly brokers: readonly BrokerEndpoint[];
  readonly clientId: string;
  readonly keepaliveSeconds: number;
  readonly username?: string;
  readonly password?: Password;
}

/** Reads certificates, keys and the password. Fails with what cannot be read. */
export async function openBrokerAccess(
  env: CliContext['env'],
  log: Log,
  { mqtt }: Config,
): Promise<Result<BrokerAccess, string>> {
  const brokers = await Promise.all(mqtt.brokers.map((broker) => endpointOf(broker, env)));
  const faults = brokers.flatMap((broker) => (broker.ok ? [] : [broker.error]));
  const password = await openPassword(mqtt.password, env, log);
  if (!password.ok) faults.push(password.error);
  if (faults.length > 0 || !password.ok) return fail(faults.join('; '));
  const { clientId, username, keepaliveSeconds } = mqtt;
  return ok({
    brokers: brokers.flatMap((broker) => (broker.ok ? [broker.value] : [])),
    clientId,
    keepaliveSeconds,
    ...(username === undefined ? {} : { username }),
    ...(password.value === undefined ? {} : { password: password.value }),
  });
}

/** The real surroundings of the agent: this machine's drivers and a link over TCP or TLS. Fails with what cannot be read. */
export async function openLiveEnvironment(
  { clock, random, env }: CliContext,
  log: Log,
  config: Config,
): Promise<Result<Environment, string>> {
  const access = await openBrokerAccess(env, log, config);
  if (!access.ok) return access;
  return ok({
    clock,
    log,
    random,
    ...openDrivers({ clock }),
    openGpio: (gpio) => openPatientGpio(gpio, clock),
    async openStore(onTrouble) {
      const { openStore } = await import('../store/open-store.ts');
      const folder = path.join(config.stateFolder, 'store');
      return await openStore({ folder, program: ownProgram(), clock, log, onTrouble });
    },
    openLink(will, subscriptions, handlers) {
      return openMqttLink({ clock, random, log }, { ...access.value, will, subscriptions }, handlers);
    },
  });
}

/** An agent that comes up after a crash may find its lines in the hands of the guard for a moment. */
async function openPatientGpio(config: Config['gpio'], clock: Clock): Promise<Result<GpioBackend>> {
  const opened = await openGpioBackend(config);
  if (!opened.ok) return opened;
  const gpio = opened.value;
  return ok({
    name: gpio.name,
    openOutput: (request) => openFreed(gpio, request, clock, startClaimTriesMax),
    openInput: (request) => gpio.openInput(request),
    [Symbol.asyncDispose]: () => gpio[Symbol.asyncDispose](),
  });
}

async function endpointOf(broker: BrokerConfig, env: CliContext['env']): Promise<Result<BrokerEndpoint, string>> {
  const address = parseBrokerUrl(broker.url);
  if (address === undefined) return fail(`not a broker url: ${broker.url}`);
  const [ca, cert, key] = await Promise.all([readPem(broker.ca), readPem(broker.cert), readKey(broker.key, env)]);
  for (const read of [ca, cert, key]) if (!read.ok) return read;
  const tls: BrokerTls = {
    ...(ca.ok && ca.value !== undefined ? { ca: ca.value } : {}),
    ...(cert.ok && cert.value !== undefined ? { cert: cert.value } : {}),
    ...(key.ok && key.value !== undefined ? { key: key.value } : {}),
  };
  return ok({ ...address, weight: broker.weight, tls });
}

async function readPem(path: string | undefined): Promise<Result<string | undefined, string>> {
  if (path === undefined) return ok(undefined);
  try {
    return ok(await readFile(path, 'utf8'));
  } catch (error) {
    return fail(error instanceof Error ? error.message : `cannot read ${path}`);
  }
}

async function readKey(
  secret: Secret | undefined,
  env: CliContext['env'],
): Promise<Result<string | undefined, string>> {
  if (secret === undefined) return ok(undefined);
  const read = await readSecret(secret, env);
  return read.ok ? ok(read.value.text) : fail(`${read.error.resource}: ${read.error.detail}`);
}

export type Password = () => Result<string, { readonly detail: string }>;

/** Read again after every use, so that a changed password is found without a restart, one attempt later. */
async function openPassword(
  secret: Secret | undefined,
  env: CliContext['env'],
  log: Log,
): Promise<Result<Password | undefined, string>> {
  if (secret === undefined) return ok(undefined);
  let latest = await readSecret(secret, env);
  if (!latest.ok) return fail(`${latest.error.resource}: ${latest.error.detail}`);
  if (latest.value.warning !== undefined) log.warn({}, latest.value.warning);
  return ok(() => {
    const current = latest;
    void readSecret(secret, env).then((read) => {
      latest = read;
    });
    return current.ok ? ok(current.value.text) : fail({ detail: current.error.detail });
  });
}
