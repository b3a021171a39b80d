import * as v from 'valibot';
import { homeAssistantPrefixBytesMax, onMsMax, onMsMin } from '../../limits.ts';
import { formatDuration } from '../duration.ts';
import { discoveryPrefixDefault, type HomeAssistantConfig } from '../home-assistant.ts';
import { documentName } from './document.ts';
import { message, quote } from './issue.ts';
import { text } from './scalar.ts';
import { mapOf, section } from './section.ts';
import { duration } from './unit.ts';

const prefix = v.pipe(
  text('the discovery prefix', homeAssistantPrefixBytesMax),
  v.regex(/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/, ({ input }) =>
    message(`not a discovery prefix: ${quote(input)}`, 'write it as in Home Assistant, homeassistant'),
  ),
  v.description('As in the MQTT settings of Home Assistant.'),
);

const impulse = duration({
  about: 'How long the output is on when the button is pressed.',
  example: '500ms',
  msMin: onMsMin,
  msMax: onMsMax,
});

export const homeAssistantSection = v.pipe(
  section({
    prefix: v.optional(prefix, discoveryPrefixDefault),
    buttons: v.optional(
      v.pipe(
        mapOf(documentName, impulse),
        v.description('Outputs that are a button there, not a switch: how long each is on.'),
      ),
      {},
    ),
  }),
  v.description('Describes this board to Home Assistant over MQTT discovery; without this section: not.'),
);

export function toHomeAssistantConfig(file: v.InferOutput<typeof homeAssistantSection>): HomeAssistantConfig {
  const buttons = Object.entries(file.buttons).map(([name, ms]) => [name, formatDuration(ms)] as const);
  return { prefix: file.prefix, buttons: Object.fromEntries(buttons) };
}
