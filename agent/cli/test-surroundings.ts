import { loadNativeGpio } from '../../drivers/native/addon.ts';
import { sdNotify } from '../../drivers/native/sd-notify.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { TestSurroundings } from '../environment.ts';
import type { MqttSubjects } from '../health/tests/mqtt.ts';
import { codecRoundTrip } from '../health/tests/round-trip.ts';
import type { WatchdogSubjects } from '../health/tests/watchdog.ts';
import { openTestSession } from '../mqtt/test-session.ts';
import { formatTopic } from '../qn/topic.ts';
import { brokerAccess } from './broker-access.ts';
import { ownCode } from './own-code.ts';
import type { CliContext } from './verb.ts';

/** What a self-test takes besides the board: the same for a running agent and for `qn-agent selftest`. */
export function testSurroundings(
  context: Pick<CliContext, 'clock' | 'random' | 'env'>,
  config: Config,
): Omit<TestSurroundings, 'reloadConfig'> {
  return {
    code: ownCode(),
    watchdog: ownWatchdog(context.env),
    roundTrip: codecRoundTrip,
    mqtt: brokersOf(context, config),
  };
}

function ownWatchdog(env: CliContext['env']): WatchdogSubjects {
  const address = env['NOTIFY_SOCKET'];
  if (address === undefined) return { env, sys: '/sys' };
  return {
    env,
    sys: '/sys',
    notify(text) {
      const native = loadNativeGpio();
      const told = native.ok ? sdNotify(native.value, address, text) : native;
      return told.ok ? undefined : told.error.detail;
    },
  };
}

function brokersOf(
  { clock, random, env }: { readonly clock: Clock } & Pick<CliContext, 'random' | 'env'>,
  config: Config,
): MqttSubjects {
  const topic = formatTopic(config.mqtt.root, config.node, 'event', 'selftest');
  return {
    clock,
    async open(signal) {
      const access = brokerAccess(config.mqtt, env);
      const options = { ...access, clientId: `${access.clientId}-selftest`, topic };
      return await openTestSession({ clock, random }, options, signal);
    },
  };
}
