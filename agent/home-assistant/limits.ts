/** Bounds of the discovery for Home Assistant. As in agent/limits.ts. */

/** When Home Assistant was started every board hears it at once; each describes itself again within this time. */
export const homeAssistantBirthMsMax = 10_000;
