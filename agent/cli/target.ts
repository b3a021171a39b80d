import { describeError, fail, ok, type Result } from '../../drivers/contract/result.ts';
import type { BrokerConfig } from '../config/config.ts';
import { parseDuration } from '../config/duration.ts';
import { readSecret } from '../config/secret.ts';
import { type BrokerCredentials, createBrokerCredentials } from '../mqtt/broker-credentials.ts';
import { parseBrokerUrl } from '../mqtt/broker-endpoint.ts';
import { isTopicRoot } from '../qn/topic.ts';
import { type CliContext, type OptionValues, textOption } from './verb.ts';

/** The broker that is asked, and by whom. */
export interface Target {
  readonly url: string;
  readonly root: string;
  readonly timeoutMs: number;
  readonly username?: string;
  readonly password?: string;
  readonly credentials: BrokerCredentials;
}

type Setting = (name: string, variable: string) => string | undefined;

/** As it is typed, else as the environment has it; an empty variable says nothing. */
function settingsOf({ env }: CliContext, options: OptionValues): Setting {
  return (name, variable) => textOption(options, name) ?? (env[variable] || undefined);
}

export function targetOf(context: CliContext, options: OptionValues): Result<Target, string> {
  const { env } = context;
  const setting = settingsOf(context, options);
  const url = setting('url', 'QN_URL') ?? 'mqtt://127.0.0.1:1883';
  if (parseBrokerUrl(url) === undefined) {
    const shown = url.includes('@') ? 'it has a user, and maybe a password, in it' : url;
    return fail(`not a broker url: ${shown}; write mqtt://host:port or mqtts://host:port`);
  }
  const root = setting('root', 'QN_ROOT') ?? 'qn/1';
  if (!isTopicRoot(root)) return fail(`not a topic root: ${root}; write it like qn/1`);
  const timeout = textOption(options, 'timeout') ?? '5s';
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined) return fail(`not a duration: ${timeout}; write it like 5s or 500ms`);
  const username = setting('username', 'QN_USERNAME');
  const password = passwordOf(setting('password', 'QN_PASSWORD'), env);
  if (!password.ok) return password;
  return ok({
    url,
    credentials: createBrokerCredentials(tlsFilesOf(url, setting), env),
    root,
    timeoutMs,
    ...(username === undefined ? {} : { username }),
    ...(password.value === undefined ? {} : { password: password.value }),
  });
}

/** Paths may be relative here: it is a person who types them. */
function tlsFilesOf(url: string, setting: Setting): BrokerConfig {
  const ca = setting('ca', 'QN_CA');
  const cert = setting('cert', 'QN_CERT');
  const key = setting('cert-key', 'QN_CERT_KEY');
  return {
    url,
    weight: 1,
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key: { from: 'file', path: key } }),
  };
}

function passwordOf(text: string | undefined, env: CliContext['env']): Result<string | undefined, string> {
  if (text === undefined) return ok(undefined);
  const [from, ...rest] = text.split(':');
  const name = rest.join(':');
  if (name === '' || (from !== 'file' && from !== 'env')) {
    return fail('a password on the command line is seen by everybody; write --password file:PATH or env:NAME');
  }
  const secret = readSecret(from === 'file' ? { from, path: name } : { from, name }, env);
  return secret.ok ? secret : fail(describeError(secret.error));
}
