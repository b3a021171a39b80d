/** What a build of a profile left out; see build/profiles.ts. */
export interface LeftOut {
  /** Name of the profile. */
  readonly profile: string;
  readonly features: readonly Feature[];
}

/** gpiochip and sysfs are two ways to the same lines. */
export const features = ['gpiochip', 'sysfs', 'serial', 'modbus', 'mcu', 'http', 'home-assistant', 'tls'] as const;
export type Feature = (typeof features)[number];

// Set by the build; absent when the agent is run from its sources.
declare const __LEFT_OUT__: LeftOut;

/** Nothing, in the full build. */
export const leftOut: LeftOut = typeof __LEFT_OUT__ === 'undefined' ? { profile: 'full', features: [] } : __LEFT_OUT__;
