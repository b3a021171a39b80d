import { type Clock, sleep } from './clock.ts';
import type { Config } from './config/config.ts';
import { shutdownMsMax } from './limits.ts';
import type { LastWill, Link } from './mqtt/link.ts';
import { encodeMessage } from './qn/registry.ts';
import { formatTopic } from './qn/topic.ts';

/** What the broker says in our name when we are gone (QN-6): retained, so that it is seen by whoever comes later. */
export function offlineWill(config: Config, boot: bigint): LastWill {
  const val = { status: 'offline', boot: boot.toString() };
  const message = { t: 'health', src: config.node, doc: 'agent', ep: boot, val } as const;
  const encoded = encodeMessage(message, config.mqtt.encoding);
  if (!encoded.ok) throw new Error(`the last will cannot be encoded: ${encoded.error.detail}`);
  const topic = formatTopic(config.mqtt.root, config.node, 'health', 'agent');
  return { topic, payload: encoded.value.bytes, qos: 1, retain: true };
}

/** A clean stop drops the last will, so the same words are said by hand; a broker that is stuck is not waited for. */
export async function sayGoodbye(link: Link, will: LastWill, clock: Clock): Promise<void> {
  const said = new AbortController();
  link.publish(will, () => said.abort());
  await sleep(clock, shutdownMsMax / 2, said.signal);
}
