/** Discovery for Home Assistant. */
export interface HomeAssistantConfig {
  /** `homeassistant` */
  readonly prefix: string;
  /** Outputs that are a button there, and how long each is on: `500ms`. */
  readonly buttons: { readonly [document: string]: string };
}

/** As Home Assistant has it, where nobody changed it. */
export const discoveryPrefixDefault = 'homeassistant';
