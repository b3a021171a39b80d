import type { Config } from '../config/config.ts';
import { asyncApi } from './asyncapi.ts';
import { mosquittoAcl } from './mosquitto-acl.ts';

/** A part: a board that runs does not need it. */
export function printTopics(config: Config, form: 'mosquitto' | 'asyncapi'): string {
  return form === 'mosquitto' ? mosquittoAcl(config) : `${JSON.stringify(asyncApi(config), null, 2)}\n`;
}
