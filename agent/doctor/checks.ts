import type { Check } from './check.ts';
import { configChecks } from './checks/config.ts';
import { firmwareChecks } from './checks/firmware.ts';
import { gpioChecks } from './checks/gpio.ts';
import { mqttChecks } from './checks/mqtt.ts';
import { mqttMannersChecks } from './checks/mqtt-manners.ts';
import { serialChecks } from './checks/serial.ts';
import { systemChecks } from './checks/system.ts';

/** The table, from the board to the broker. A code never changes its meaning, and is never used again. */
export const checks: readonly Check[] = [
  ...configChecks,
  ...systemChecks,
  ...gpioChecks,
  ...serialChecks,
  ...mqttChecks,
  ...mqttMannersChecks,
  ...firmwareChecks,
];
